//! A mail address that cannot be printed in full by accident.

use std::fmt;

/// What stands for the hidden part.
const HIDDEN: &str = "…";

/// Local parts of fewer characters are hidden whole.
const SHOWN_FROM_CHARS: usize = 3;

/// A mail address. Printed, it is masked: `s…@contoh.go.id`.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(String);

impl MailAddress {
    /// Takes `text` for an address.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address in full: for the envelope only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As it may be printed.
    #[must_use]
    pub fn masked(&self) -> String {
        match self.0.rsplit_once('@') {
            Some((local, domain)) => format!("{}@{domain}", hidden(local)),
            None => HIDDEN.to_owned(),
        }
    }

    /// `text` without any mail address in the clear: the local part of whatever looks like one is hidden.
    #[must_use]
    pub fn mask_all(text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('@') {
            let (before, after) = rest.split_at(at);
            let start = before.rfind(|c: char| !is_local(c)).map_or(0, |i| i + char_len(before, i));
            masked.push_str(&before[..start]);
            if start < at {
                masked.push_str(&hidden(&before[start..]));
            }
            masked.push('@');
            rest = &after[1..];
        }
        masked.push_str(rest);
        masked
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

fn hidden(local: &str) -> String {
    let first = local.chars().next().filter(|_| local.chars().count() >= SHOWN_FROM_CHARS);
    first.into_iter().map(String::from).chain([HIDDEN.to_owned()]).collect()
}

fn char_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// Whether a local part may hold `c`, without quotes.
fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

#[cfg(test)]
mod tests {
    use super::MailAddress;

    #[test]
    fn an_address_is_never_printed_in_full() {
        for (address, masked) in
            [("sekjen@contoh.go.id", "s…@contoh.go.id"), ("ab@contoh.go.id", "…@contoh.go.id"), ("nothing", "…")]
        {
            let address = MailAddress::new(address);
            assert_eq!((address.to_string(), format!("{address:?}")), (masked.to_owned(), masked.to_owned()));
        }
        assert_eq!(MailAddress::new("sekjen@contoh.go.id").expose(), "sekjen@contoh.go.id");
    }

    #[test]
    fn what_a_server_says_is_masked() {
        for (said, masked) in [
            ("5.1.1 <sekjen@contoh.go.id>: no such user", "5.1.1 <s…@contoh.go.id>: no such user"),
            ("a.b+c@x.id, dé.f@y.id", "a…@x.id, d…@y.id"),
            ("@ alone", "@ alone"),
            ("queued as lab-0001", "queued as lab-0001"),
            ("é@", "…@"),
            ("two@@signs", "t…@@signs"),
        ] {
            assert_eq!(MailAddress::mask_all(said), masked);
        }
    }
}
