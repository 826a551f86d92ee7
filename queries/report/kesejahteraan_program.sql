-- Programmes of aid: budget found in SIMDA, and whom they reach; the widest first.
SELECT concat(coalesce(nama_opd, ''), '|', coalesce(program_kode, ''), '|', coalesce(program_nama, '')) AS kunci,
    coalesce(program_nama, 'Program tanpa nama') AS program, coalesce(nama_opd, '') AS nama_opd,
    pagu_kegiatan AS pagu, jumlah_penerima AS penerima, keluarga_desil_1_2_terbantu AS keluarga_miskin, pagu_per_penerima
FROM mart.anggaran_kesejahteraan
ORDER BY jumlah_penerima DESC NULLS LAST, kunci
