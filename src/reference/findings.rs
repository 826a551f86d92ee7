//! Problems of one file: the first of them are kept, all are counted.

use crate::config::{Problem, Problems};

/// What is wrong with one file, so far.
#[derive(Debug)]
pub(crate) struct Findings {
    file: String,
    kept_max: usize,
    kept: Vec<Problem>,
    total: u64,
}

impl Findings {
    /// Nothing wrong with `file` yet; at most `kept_max` problems will be kept.
    pub(crate) fn new(file: &str, kept_max: usize) -> Self {
        Self { file: file.to_owned(), kept_max, kept: Vec::new(), total: 0 }
    }

    /// Notes a problem of a line (1-based; 0 = of the file).
    pub(crate) fn add(&mut self, line: usize, message: impl Into<String>, hint: &str) {
        self.total += 1;
        if self.kept.len() < self.kept_max {
            let (file, message, hint) = (self.file.clone(), message.into(), hint.to_owned());
            self.kept.push(Problem { file, line, message, hint });
        }
    }

    /// Whether nothing was noted.
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// What was noted, by line.
    pub(crate) fn into_refused(mut self) -> RefusedFile {
        self.kept.sort_by_key(|problem| problem.line);
        RefusedFile { file: self.file, problems: self.kept, total: self.total }
    }
}

/// A file that was refused: the first problems by line, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.told())]
pub struct RefusedFile {
    /// The file's name as the user knows it.
    pub file: String,
    /// The first problems.
    pub problems: Vec<Problem>,
    /// How many there are in all.
    pub total: u64,
}

impl RefusedFile {
    fn told(&self) -> String {
        let lines: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        let shown = self.problems.len() as u64;
        let count = match self.total {
            1 => "1 problem".to_owned(),
            total if total > shown => format!("{total} problems, the first {shown}"),
            total => format!("{total} problems"),
        };
        format!("{}: {count}:\n{}", self.file, lines.join("\n"))
    }
}

impl From<RefusedFile> for Problems {
    fn from(refused: RefusedFile) -> Self {
        let more = refused.total - refused.problems.len() as u64;
        let mut problems = refused.problems;
        if more > 0 {
            let message = format!("and {more} more problems");
            problems.push(Problem { file: refused.file, line: 0, message, hint: String::new() });
        }
        Self(problems)
    }
}
