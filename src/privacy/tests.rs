//! Hashes, forms and states.

use super::{KeyForm, KeyState, PiiKey, PiiKeyError};

const NIK: &str = "3514140101900001";

fn key() -> PiiKey {
    PiiKey::from_text(&"07".repeat(32)).unwrap()
}

#[test]
fn a_person_has_one_hash_as_nik_and_as_npwp() {
    let key = key();
    let hash = key.keyed(KeyForm::Nik, NIK).unwrap();
    assert_eq!(hash.len(), 64);
    assert!(hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    for spelling in [" 3514140101900001 ", "3514 1401 0190 0001", "'3514140101900001"] {
        assert_eq!(key.keyed(KeyForm::Nik, spelling).as_ref(), Ok(&hash), "{spelling}");
        assert_eq!(key.keyed(KeyForm::Npwp, spelling).as_ref(), Ok(&hash), "{spelling}");
    }
    assert_ne!(key.keyed(KeyForm::Text, NIK).as_ref(), Ok(&hash));
    let other = PiiKey::from_text(&"08".repeat(32)).unwrap();
    assert_ne!(other.keyed(KeyForm::Nik, NIK).as_ref(), Ok(&hash));
}

#[test]
fn the_hash_is_hmac_sha256_of_domain_and_value() {
    // python: hmac.new(bytes([7]) * 32, b"lumbung identity number\0" + b"3514140101900001", "sha256").hexdigest()
    assert_eq!(
        key().keyed(KeyForm::Nik, NIK).unwrap(),
        "b41f46e2ca1b38d61fe046346f6be3251aba3ec738b85b5de2210253902d2be7"
    );
    // python: hmac.new(bytes([7]) * 32, b"lumbung key id", "sha256").hexdigest()[:16]
    assert_eq!(key().key_id(), "e87ebfbf2fc878bb");
    assert_eq!(format!("{:?}", key()), "PiiKey(e87ebfbf2fc878bb)");
}

#[test]
fn an_npwp_of_fifteen_digits_is_one_of_sixteen() {
    let key = key();
    let hash = key.keyed(KeyForm::Npwp, "0012345678901000").unwrap();
    for spelling in ["01.234.567.8-901.000", "012345678901000", "0012 3456 7890 1000"] {
        assert_eq!(key.keyed(KeyForm::Npwp, spelling).as_ref(), Ok(&hash), "{spelling}");
    }
    // The fifteen digits of an NPWP are no NIK.
    assert_eq!(key.keyed(KeyForm::Nik, "012345678901000"), Err(KeyState::Broken));
}

#[test]
fn what_is_not_whole_has_a_state_and_no_hash() {
    for (form, text, state) in [
        (KeyForm::Nik, NIK, KeyState::Whole),
        (KeyForm::Nik, "35140000000000xx", KeyState::Masked),
        (KeyForm::Nik, "3514************", KeyState::Masked),
        (KeyForm::Nik, "XXXX", KeyState::Masked),
        (KeyForm::Nik, "", KeyState::Empty),
        (KeyForm::Nik, " - ", KeyState::Empty),
        (KeyForm::Nik, "NULL", KeyState::Empty),
        (KeyForm::Nik, "351414010190000", KeyState::Broken),
        (KeyForm::Nik, "35141401019000011", KeyState::Broken),
        (KeyForm::Nik, "3.51414E+15", KeyState::Broken),
        (KeyForm::Nik, "351414010190001.0", KeyState::Broken),
        (KeyForm::Nik, "0000000000000000", KeyState::Broken),
        (KeyForm::Nik, "tidak ada", KeyState::Broken),
        (KeyForm::Nik, &"1".repeat(5_000), KeyState::Broken),
        (KeyForm::Npwp, "01.234.567.8-901.000", KeyState::Whole),
        (KeyForm::Npwp, "12345678901234.0", KeyState::Broken),
        (KeyForm::Npwp, "12345678901000", KeyState::Broken),
        (KeyForm::Npwp, "01.234.567.8-***.***", KeyState::Masked),
        (KeyForm::Npwp, "00.000.000.0-000.000", KeyState::Broken),
        (KeyForm::Text, "Siti Aminah", KeyState::Whole),
        (KeyForm::Text, "S*** A*****", KeyState::Masked),
        (KeyForm::Text, "", KeyState::Empty),
    ] {
        assert_eq!(form.state(text), state, "{form:?} {text}");
        assert_eq!(key().keyed(form, text).err(), (state != KeyState::Whole).then_some(state), "{form:?} {text}");
    }
    assert_eq!(KeyState::Masked.as_str(), "tersamar");
}

#[test]
fn texts_fold_case_and_blanks() {
    let key = key();
    let hash = key.keyed(KeyForm::Text, "SITI AMINAH").unwrap();
    assert_eq!(key.keyed(KeyForm::Text, "  siti \t Aminah ").as_ref(), Ok(&hash));
    assert_ne!(key.keyed(KeyForm::Text, "SITIAMINAH").as_ref(), Ok(&hash));
}

#[test]
fn secrets_come_in_hex_base64_and_text_and_are_long_enough() {
    let id = |text: &str| PiiKey::from_text(text).map(|key| key.key_id().to_owned());
    let hex = "07".repeat(32);
    assert_eq!(id(&hex), Ok(key().key_id().to_owned()));
    assert_eq!(id(&format!(" {hex}\n")), id(&hex));
    assert_eq!(id("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="), id(&hex));
    assert!(id("a long enough sentence that nobody guesses").is_ok());
    assert_eq!(id(&"07".repeat(16)), Err(PiiKeyError::TooShort { bytes: 16 }));
    assert_eq!(id("BwcHBwcHBwcHBwcHBwcHBw=="), Err(PiiKeyError::TooShort { bytes: 16 }));
    assert_eq!(id(""), Err(PiiKeyError::TooShort { bytes: 0 }));
    let (one, other) = (PiiKey::random().unwrap(), PiiKey::random().unwrap());
    assert_ne!(one.key_id(), other.key_id());
}
