//! The methods a source's document lists: so that a contract is complete, and a name that nothing can be loaded from is
//! answered with the reason.

use std::str::FromStr;

use super::Submission;

/// One method of the document.
#[derive(Debug, Clone)]
pub struct Method {
    /// Its number in the document, where it has one.
    pub no: Option<u32>,
    /// Its name as the document writes it.
    pub name: String,
    /// What it does, in the document's words.
    pub function: String,
    /// Who serves and who calls.
    pub locate: String,
    /// Which way the data goes.
    pub direction: MethodDirection,
    /// The dataset that stands for it.
    pub dataset: Option<String>,
    /// How its records are checked and sent.
    pub submit: Option<Submission>,
    /// Why nothing is loaded from it, or what else there is to know.
    pub note: String,
}

/// Which way the data of a method goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodDirection {
    /// We ask.
    Pull,
    /// The source calls us.
    Receive,
    /// We send.
    Submit,
    /// It hands out a key.
    Login,
    /// The document removed it.
    Removed,
    /// The document lists it and never describes it.
    Undocumented,
}

impl MethodDirection {
    /// The word of the contract.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Receive => "receive",
            Self::Submit => "submit",
            Self::Login => "login",
            Self::Removed => "removed",
            Self::Undocumented => "undocumented",
        }
    }
}

impl FromStr for MethodDirection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Pull, Self::Receive, Self::Submit, Self::Login, Self::Removed, Self::Undocumented];
        let found = all.into_iter().find(|direction| direction.word() == text);
        found.ok_or_else(|| "one of pull, receive, submit, login, removed, undocumented".to_owned())
    }
}
