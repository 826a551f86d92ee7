//! Names of variables that hold secrets, as `lumbung.toml` may set them.

use crate::config::document::Section;

/// Longest name, in characters.
const CHARS_MAX: usize = 100;

/// The variable that `key` names, else `default`. A name that could not be one is a problem, and is not repeated: the secret
/// itself, put where the name of its variable belongs, is the likeliest mistake.
pub(in crate::config) fn variable_name(section: &Section<'_, '_>, key: &'static str, default: String) -> String {
    let Some(name) = section.text(key) else { return default };
    if is_name(name) {
        return name.to_owned();
    }
    let message = format!("`{key}` must be the name of an environment variable");
    section.problem(
        key,
        message,
        "A-Z, 0-9 and _, such as LUMBUNG_OMSPAN_TOKEN; the secret itself stands in that variable",
    );
    default
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    !name.is_empty()
        && name.len() <= CHARS_MAX
        && name.chars().all(fits)
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use crate::config::deployment::parse;

    #[test]
    fn a_secret_in_the_place_of_a_name_is_refused_and_not_repeated() {
        for key in ["sources.omspan.token_env", "sources.oss.user_env", "serve.postgres.users.ana.password_env"] {
            for secret in ["eyJhbGciOi.x.y", "rahasia", "4F2A", "A B", ""] {
                let text = "[sources.omspan]\n[serve.postgres.users.ana]\nrole = \"bi\"\n";
                let problems = parse("lumbung.toml", text, &[format!("{key}=\"{secret}\"")]).unwrap_err().to_string();
                assert!(problems.contains("must be the name of an environment variable"), "{problems}");
                assert!(secret.len() < 4 || !problems.contains(secret), "{problems}");
            }
        }
        let renamed = parse("lumbung.toml", "[sources.omspan]\ntoken_env = \"KUNCI_2\"\n", &[]).unwrap();
        assert_eq!(renamed.sources["omspan"].token_env, "KUNCI_2");
    }
}
