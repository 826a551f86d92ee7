//! Villages of Kabupaten Pasuruan, as the Kemendagri list of 2025 has them: enough of them for a world.

/// A desa or kelurahan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Village {
    /// Kemendagri code without dots, 10 digits; a kelurahan's seventh digit is 1, a desa's 2.
    pub(crate) code: &'static str,
    /// Name of the kecamatan, upper case.
    pub(crate) kecamatan: &'static str,
    /// Its own name, upper case.
    pub(crate) name: &'static str,
}

/// Province of all villages.
pub(crate) const PROVINCE: &str = "JAWA TIMUR";
/// Kabupaten of all villages.
pub(crate) const KABUPATEN: &str = "PASURUAN";

const fn village(code: &'static str, kecamatan: &'static str, name: &'static str) -> Village {
    Village { code, kecamatan, name }
}

/// The villages people live in, by code. Some names occur in more than one kecamatan, as they do there.
pub(crate) static VILLAGES: [Village; 54] = [
    village("3514012001", "PURWODADI", "GERBO"),
    village("3514012003", "PURWODADI", "LEBAKREJO"),
    village("3514012004", "PURWODADI", "COWEK"),
    village("3514012005", "PURWODADI", "PURWODADI"),
    village("3514012006", "PURWODADI", "PAREREJO"),
    village("3514012010", "PURWODADI", "TAMBAKSARI"),
    village("3514012011", "PURWODADI", "PUCANGSARI"),
    village("3514101007", "PRIGEN", "LEDUG"),
    village("3514101008", "PRIGEN", "PECALUKAN"),
    village("3514101009", "PRIGEN", "PRIGEN"),
    village("3514102001", "PRIGEN", "JATIARJO"),
    village("3514102002", "PRIGEN", "WATUAGUNG"),
    village("3514102003", "PRIGEN", "DAYUREJO"),
    village("3514111006", "PANDAAN", "KUTOREJO"),
    village("3514111007", "PANDAAN", "JOGOSARI"),
    village("3514111008", "PANDAAN", "PETUNGASRI"),
    village("3514111011", "PANDAAN", "PANDAAN"),
    village("3514112001", "PANDAAN", "PLINTAHAN"),
    village("3514112002", "PANDAAN", "DURENSEWU"),
    village("3514122001", "GEMPOL", "WONOSUNYO"),
    village("3514122002", "GEMPOL", "SUMBERSUKO"),
    village("3514122003", "GEMPOL", "WONOSARI"),
    village("3514122004", "GEMPOL", "KEPULUNGAN"),
    village("3514122005", "GEMPOL", "RANDUPITU"),
    village("3514122006", "GEMPOL", "NGERONG"),
    village("3514141001", "BANGIL", "KOLURSARI"),
    village("3514141002", "BANGIL", "KIDULDALEM"),
    village("3514141003", "BANGIL", "POGAR"),
    village("3514141004", "BANGIL", "KAUMAN"),
    village("3514141005", "BANGIL", "BENDOMUNGAL"),
    village("3514141006", "BANGIL", "KERSIKAN"),
    village("3514141009", "BANGIL", "LATEK"),
    village("3514142010", "BANGIL", "MASANGAN"),
    village("3514142011", "BANGIL", "RACI"),
    village("3514142013", "BANGIL", "MANARUWI"),
    village("3514142015", "BANGIL", "TAMBAKAN"),
    village("3514162001", "KRATON", "PUKUL"),
    village("3514162002", "KRATON", "GAMBIRKUNING"),
    village("3514162003", "KRATON", "MULYOREJO"),
    village("3514162004", "KRATON", "KEBOTOHAN"),
    village("3514162005", "KRATON", "NGABAR"),
    village("3514162006", "KRATON", "SLAMBRIT"),
    village("3514201005", "GRATI", "GRATITUNON"),
    village("3514202001", "GRATI", "KEBONREJO"),
    village("3514202002", "GRATI", "KARANGLO"),
    village("3514202003", "GRATI", "REBALAS"),
    village("3514202004", "GRATI", "PLOSOSARI"),
    village("3514202006", "GRATI", "KALIPANG"),
    village("3514242001", "TOSARI", "MOROREJO"),
    village("3514242002", "TOSARI", "PODOKOYO"),
    village("3514242003", "TOSARI", "NGADIWONO"),
    village("3514242004", "TOSARI", "TOSARI"),
    village("3514242005", "TOSARI", "WONOKITRI"),
    village("3514242006", "TOSARI", "BALEDONO"),
];

#[cfg(test)]
mod tests {
    use super::VILLAGES;

    #[test]
    fn codes_are_of_the_kabupaten_and_ascend() {
        assert!(VILLAGES.iter().all(|village| village.code.len() == 10 && village.code.starts_with("3514")));
        assert!(VILLAGES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(VILLAGES.iter().any(|village| village.code == "3514141005" && village.name == "BENDOMUNGAL"));
        assert!(VILLAGES.iter().any(|village| village.code == "3514012004" && village.name == "COWEK"));
    }

    /// The table against the official list, where that is at hand.
    #[test]
    fn codes_and_names_are_the_official_ones() {
        #[expect(clippy::disallowed_methods, reason = "a test that needs data which is not part of the project")]
        let Ok(shared) = std::env::var("LUMBUNG_SHARED") else {
            println!("skipped: needs LUMBUNG_SHARED");
            return;
        };
        let list = std::fs::read_to_string(format!("{shared}/data/wilayah_kemendagri_2025.csv")).unwrap();
        let has = |code: &str, name: &str| {
            list.lines().any(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                cells[1] == code && cells[2].to_uppercase() == name
            })
        };
        for village in &VILLAGES {
            assert!(has(village.code, village.name), "{} {}", village.code, village.name);
            assert!(has(&village.code[..6], village.kecamatan), "{} {}", village.code, village.kecamatan);
        }
    }
}
