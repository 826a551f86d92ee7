-- Purpose: the IKPA indicators of satkers, eselon 1 units and ministries in one long table.
-- Grain: one unit (tingkat, kode), month and indicator. bobot 0 = the indicator does not apply; nilai NULL = the score
-- is missing. Summary satkers (Z in the code) are left out.
-- Columns:
-- tingkat: satker, eselon1 or kl
-- kunci: short name of the indicator, the same in all years
-- indikator: name of the indicator as reports show it
-- nilai: score of the indicator, 0 to 100
-- bobot: its weight; 0 = it does not apply
-- Owner: Biro Keuangan. Formula: docs/views.md, "IKPA"; weights come with the row.
-- Not in files: a part of mart.ikpa_nilai.
WITH capaian AS (
    SELECT 'satker' AS tingkat, kdsatker AS kode, nmsatker AS nama, * EXCEPT (kdsatker, nmsatker)
    FROM omspan.capaian_ik_satker
    WHERE kdsatker NOT LIKE '%Z%'
    UNION ALL BY NAME
    SELECT 'eselon1' AS tingkat, ba AS kode, nmba AS nama, * EXCEPT (ba, nmba)
    FROM omspan.capaian_ik_eselon1
    UNION ALL BY NAME
    SELECT 'kl' AS tingkat, ba AS kode, nmba AS nama, * EXCEPT (ba, nmba)
    FROM omspan.capaian_ik_kl
)
SELECT c.tingkat, c.tahun_anggaran, c.periode, c.kode, c.nama, c.kdkppn, i.kunci, i.indikator,
    CASE i.kunci
        WHEN 'dispensasi_spm' THEN c.ik_dispensasi_spm
        WHEN 'up' THEN c.ik_up
        WHEN 'data_kontrak' THEN c.ik_data_kontrak
        WHEN 'kesalahan_spm' THEN c.ik_kesalahan_spm
        WHEN 'retur' THEN c.ik_retur
        WHEN 'hal3_dipa' THEN c.ik_hal3_dipa
        WHEN 'revisi_dipa' THEN c.ik_revisi_dipa
        WHEN 'kemajuan_tagihan' THEN c.ik_kemajuan_tagihan
        WHEN 'rekon_lpj' THEN c.ik_rekon_lpj
        WHEN 'realisasi' THEN c.ik_realisasi
        WHEN 'renkas' THEN c.ik_renkas
        WHEN 'pagu_minus' THEN c.ik_pagu_minus
        WHEN 'capaian_output' THEN c.ik_capaian_output
    END AS nilai,
    coalesce(CASE i.kunci
        WHEN 'dispensasi_spm' THEN c.bbt_ind_dis_spm
        WHEN 'up' THEN c.bbt_ind_up
        WHEN 'data_kontrak' THEN c.bbt_ind_kontrak
        WHEN 'kesalahan_spm' THEN c.bbt_ind_spm_slh
        WHEN 'retur' THEN c.bbt_ind_retur
        WHEN 'hal3_dipa' THEN c.bbt_ind_hal3_dipa
        WHEN 'revisi_dipa' THEN c.bbt_ind_rev_dipa
        WHEN 'kemajuan_tagihan' THEN c.bbt_ind_kmj_tagihan
        WHEN 'rekon_lpj' THEN c.bbt_ind_rekon_lpj
        WHEN 'realisasi' THEN c.bbt_ind_realisasi
        WHEN 'renkas' THEN c.bbt_ind_renkas
        WHEN 'pagu_minus' THEN c.bbt_ind_pagu_minus
        WHEN 'capaian_output' THEN c.bbt_ind_cap_output
    END, 0) AS bobot
FROM capaian AS c
CROSS JOIN (VALUES
    ('dispensasi_spm', 'Dispensasi SPM'),
    ('up', 'Pengelolaan UP dan TUP'),
    ('data_kontrak', 'Data kontrak'),
    ('kesalahan_spm', 'Kesalahan SPM'),
    ('retur', 'Retur SP2D'),
    ('hal3_dipa', 'Deviasi Halaman III DIPA'),
    ('revisi_dipa', 'Revisi DIPA'),
    ('kemajuan_tagihan', 'Penyelesaian tagihan'),
    ('rekon_lpj', 'Rekonsiliasi LPJ Bendahara'),
    ('realisasi', 'Penyerapan anggaran'),
    ('renkas', 'Perencanaan kas'),
    ('pagu_minus', 'Pagu minus'),
    ('capaian_output', 'Capaian output')
) AS i(kunci, indikator)
