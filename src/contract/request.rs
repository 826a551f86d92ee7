//! What is asked: method, path, query and body with `{placeholders}`.

/// HTTP methods that only ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET.
    Get,
    /// POST with a JSON body.
    Post,
}

/// A request with placeholders: those of the paging (`page`, `size`, `from`, `to`, `date`), `tahun` for the fiscal year, and
/// the dataset's own parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestTemplate {
    /// GET or POST.
    pub method: HttpMethod,
    /// Path below the base URL.
    pub path: String,
    /// Path of the un-paged request, where the service has one.
    pub path_whole: Option<String>,
    /// Query parameters, in order.
    pub query: Vec<(String, String)>,
    /// JSON body.
    pub body: Option<String>,
    /// Parameters that may be given: added to the query.
    pub filters: Vec<String>,
    /// Parameters that must be given: a drill-down, never part of a load that does not name it.
    pub requires: Vec<String>,
    /// Parameters that are never shown.
    pub personal_parameters: Vec<String>,
}

impl RequestTemplate {
    /// Nothing is asked.
    #[must_use]
    pub fn none() -> Self {
        Self {
            method: HttpMethod::Get,
            path: String::new(),
            path_whole: None,
            query: Vec::new(),
            body: None,
            filters: Vec::new(),
            requires: Vec::new(),
            personal_parameters: Vec::new(),
        }
    }

    /// Whether `{name}` stands anywhere in the request.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        let placeholder = format!("{{{name}}}");
        let texts = [Some(&self.path), self.path_whole.as_ref(), self.body.as_ref()];
        texts.into_iter().flatten().chain(self.query.iter().map(|(_, value)| value)).any(|t| t.contains(&placeholder))
    }

    /// The `{lower_snake}` words of path, query and body.
    #[must_use]
    pub fn placeholders(&self) -> Vec<String> {
        let texts = [Some(&self.path), self.path_whole.as_ref(), self.body.as_ref()];
        let all = texts.into_iter().flatten().chain(self.query.iter().map(|(_, value)| value));
        all.flat_map(|text| words_in_braces(text)).collect()
    }
}

/// The `{lower_snake}` words of a template; braces around anything else are JSON's own.
pub(crate) fn words_in_braces(text: &str) -> Vec<String> {
    let is_name = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let after_braces = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    after_braces.map(|(word, _)| word).filter(|word| is_name(word)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::words_in_braces;

    #[test]
    fn braces_of_json_are_no_placeholders() {
        let body = r#"{"INQUERYNIB":{"nib":"{nib}","n":{},"page":{page}}}"#;
        assert_eq!(words_in_braces(body), ["nib", "page"]);
    }
}
