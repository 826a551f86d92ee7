//! Where the quotes of a CSV file do not match. A lenient reader swallows the rest of the file as one value; this says
//! in which line it began.

use super::findings::Findings;

/// Where the scan stands within a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Plain,
    Quoted,
    /// Behind a quote inside a quoted value: its end, or the first half of a doubled one.
    AfterQuote,
}

/// Notes every line whose quotes are wrong.
pub(super) fn check(text: &str, delimiter: u8, findings: &mut Findings) {
    let (mut at, mut line, mut opened) = (At::Start, 1, 1);
    for byte in text.bytes() {
        let ends = byte == delimiter || matches!(byte, b'\n' | b'\r');
        at = match at {
            At::Start | At::AfterQuote if ends => At::Start,
            At::Start if byte == b'"' => {
                opened = line;
                At::Quoted
            }
            At::Quoted if byte == b'"' => At::AfterQuote,
            At::Quoted => At::Quoted,
            At::AfterQuote if byte == b'"' => At::Quoted,
            At::AfterQuote => {
                let hint = "a quote inside a quoted value is written twice: \"\"";
                findings.add(line, "text stands behind a closing quote", hint);
                At::Plain
            }
            At::Plain if ends => At::Start,
            At::Plain if byte == b'"' => {
                let hint = "quote the whole value and write the quote inside it twice: \"\"";
                findings.add(line, "a quote stands inside a value that does not begin with one", hint);
                At::Plain
            }
            At::Start | At::Plain => At::Plain,
        };
        line += usize::from(byte == b'\n');
    }
    if at == At::Quoted {
        findings.add(opened, "the quote opened here is never closed", "close it");
    }
}

#[cfg(test)]
mod tests {
    use super::super::findings::Findings;
    use super::check;

    fn lines(text: &str) -> Vec<usize> {
        let mut findings = Findings::new("a.csv", 10);
        check(text, b',', &mut findings);
        findings.into_refused().problems.iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn matching_quotes_pass_and_others_name_their_line() {
        assert_eq!(lines("a,b\n\"x\",\"say \"\"so\"\"\"\r\n\"two\nlines\",\"\"\n"), [0; 0]);
        assert_eq!(lines("a,b\n1,\"two\nlines\n3,4\n"), [2]);
        assert_eq!(lines("a,b\n\"x\"y,2\nz\"w,3\n"), [2, 3]);
        assert_eq!(lines("a\n\"\"\"\n"), [2]);
    }
}
