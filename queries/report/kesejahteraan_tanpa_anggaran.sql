-- Programmes of aid that SIMDA does not know, so that nobody can say what they cost.
SELECT concat(coalesce(nama_opd, ''), '|', coalesce(program_kode, ''), '|', coalesce(program_nama, '')) AS kunci,
    coalesce(program_nama, 'Program tanpa nama') AS program, coalesce(nama_opd, '') AS nama_opd,
    jumlah_penerima AS penerima
FROM mart.anggaran_kesejahteraan
WHERE pagu_kegiatan IS NULL
ORDER BY jumlah_penerima DESC NULLS LAST, kunci
