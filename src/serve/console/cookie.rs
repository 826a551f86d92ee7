//! The two cookies: of a session, and of the form to sign in.

use axum::http::{HeaderMap, HeaderValue, header};

/// The session's.
pub(super) const SESSION: &str = "lumbung";
/// The form's, until somebody signed in.
pub(super) const FORM: &str = "lumbung-masuk";

/// Its name: over TLS with the prefix that lets no other host and no plain page set it.
fn named(name: &str, is_secure: bool) -> String {
    if is_secure { format!("__Host-{name}") } else { name.to_owned() }
}

/// The value of the cookie in a request; `None` where it is missing, or there twice.
pub(super) fn read<'a>(headers: &'a HeaderMap, name: &str, is_secure: bool) -> Option<&'a str> {
    let name = named(name, is_secure);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// A cookie that lasts as long as the browser runs. Strict: no mail and no other site links into the console, so a session need not
/// come along from elsewhere, and what does not come along cannot be misused.
pub(super) fn set(name: &str, value: &str, is_secure: bool) -> HeaderValue {
    cookie(name, value, "", is_secure)
}

/// Takes the cookie away.
pub(super) fn clear(name: &str, is_secure: bool) -> HeaderValue {
    cookie(name, "", "; Max-Age=0", is_secure)
}

fn cookie(name: &str, value: &str, age: &str, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{age}{secure}", named(name, is_secure));
    HeaderValue::from_str(&text).expect("names and hex digits")
}

#[cfg(test)]
mod tests {
    use super::{SESSION, clear, read, set};
    use axum::http::{HeaderMap, HeaderValue, header};

    fn sent(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn a_cookie_is_read_once_and_by_its_whole_name() {
        assert_eq!(read(&sent(&["a=1; lumbung=77; b=2"]), SESSION, false), Some("77"));
        assert_eq!(read(&sent(&["__Host-lumbung=77"]), SESSION, true), Some("77"));
        assert_eq!(read(&sent(&["lumbung=77"]), SESSION, true), None, "a plain one is not believed over TLS");
        assert_eq!(read(&sent(&["xlumbung=77; lumbung-masuk=1"]), SESSION, false), None);
        assert_eq!(read(&sent(&["lumbung=1; lumbung=2"]), SESSION, false), None);
        assert_eq!(read(&sent(&["lumbung=1", "lumbung=2"]), SESSION, false), None);
    }

    #[test]
    fn a_cookie_is_for_this_host_and_no_script() {
        assert_eq!(set(SESSION, "77", true), "__Host-lumbung=77; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(set(SESSION, "77", false), "lumbung=77; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(clear(SESSION, false), "lumbung=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    }
}
