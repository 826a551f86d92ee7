//! What every page has around it: title, navigation by role, the user, the token of their forms.

use super::assets;
use super::signed::{Right, Signed};

/// A section of the console, as the navigation lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `/`.
    Home,
    /// `/laporan`.
    Reports,
    /// `/data`.
    Data,
    /// `/sql`.
    Query,
    /// `/operasi`.
    Operations,
}

impl Section {
    /// All of them, in the order of the navigation.
    pub const ALL: [Self; 5] = [Self::Home, Self::Reports, Self::Data, Self::Query, Self::Operations];

    fn label(self) -> &'static str {
        match self {
            Self::Home => "Beranda",
            Self::Reports => "Laporan",
            Self::Data => "Data",
            Self::Query => "SQL",
            Self::Operations => "Operasi",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Reports => "/laporan",
            Self::Data => "/data",
            Self::Query => "/sql",
            Self::Operations => "/operasi",
        }
    }

    fn right(self) -> Right {
        match self {
            Self::Home | Self::Reports => Right::Reports,
            Self::Data => Right::Data,
            Self::Query => Right::Query,
            Self::Operations => Right::Operate,
        }
    }
}

/// A link of the navigation.
pub(super) struct NavLink {
    pub(super) label: &'static str,
    pub(super) path: &'static str,
    pub(super) is_current: bool,
}

/// The user, as the head of a page names them.
pub(super) struct FrameUser {
    pub(super) name: String,
    pub(super) role: &'static str,
    /// Whether they may sign out here: whoever a proxy signed in signs out there.
    pub(super) signs_out: bool,
}

/// What `templates/console/frame.html` needs; a page's template has it as `frame`.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) links: Vec<NavLink>,
    pub(super) user: Option<FrameUser>,
    /// The token that every form of the page carries in the field `csrf`.
    pub(super) csrf: String,
    pub(super) style: &'static str,
    pub(super) script: &'static str,
    pub(super) mark: &'static str,
}

impl Frame {
    /// The frame of a page of `section`, for a user.
    pub(super) fn new(title: impl Into<String>, section: Section, signed: &Signed) -> Self {
        let shown = Section::ALL.into_iter().filter(|section| signed.has(section.right()));
        let link =
            |shown: Section| NavLink { label: shown.label(), path: shown.path(), is_current: shown == section };
        Self {
            links: shown.map(link).collect(),
            user: Some(FrameUser {
                name: signed.name.clone(),
                role: signed.role_label(),
                signs_out: !signed.by_proxy,
            }),
            csrf: signed.csrf.clone(),
            ..Self::bare(title)
        }
    }

    /// The frame of a page that is nobody's: the form to sign in, an error.
    pub(super) fn bare(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            links: Vec::new(),
            user: None,
            csrf: String::new(),
            style: assets::style_path(),
            script: assets::script_path(),
            mark: assets::mark_path(),
        }
    }
}
