-- One office a satker of the newest fiscal year. The address follows from the code in this example: a body with a list of its
-- own names it by csv = "recipients/satker.csv" instead.
SELECT concat('Yth. Kepala ', coalesce(nmsatker, concat('Satker ', kdsatker))) AS name,
    concat('satker-', kdsatker, '@contoh.go.id') AS address, kdsatker AS satker
FROM mart.serapan_satker
WHERE tahun_anggaran = (SELECT max(tahun_anggaran) FROM mart.serapan_satker WHERE per_tanggal IS NOT NULL)
ORDER BY kdsatker
