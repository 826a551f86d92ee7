//! What can be pushed, by the methods that the guide places at the receiving side.

use std::fmt;

/// One method of an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PushKind {
    /// `receiveNIB`: a NIB with a permit to be judged.
    Nib,
    /// `receiveNIBSTPW`: a franchise registration.
    NibStpw,
    /// `receiveFileDS`: the link of a signed permit.
    FileDs,
    /// `receiveNIBKKPR`: an application for KKPR.
    NibKkpr,
    /// `receiveNIBPSE`: an operator of electronic systems abroad.
    NibPse,
    /// `checkKomitmen`: whether a document is real.
    CheckKomitmen,
    /// PaDi's `transaksi`, reported by a buyer's system.
    Transaksi,
}

impl PushKind {
    /// All of them, OSS first.
    pub const ALL: [Self; 7] =
        [Self::Nib, Self::NibStpw, Self::FileDs, Self::NibKkpr, Self::NibPse, Self::CheckKomitmen, Self::Transaksi];

    /// The source's name in the inbox: `oss`.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::Transaksi => "padi",
            _ => "oss",
        }
    }

    /// The method's name: `receiveNIB`.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Nib => "receiveNIB",
            Self::NibStpw => "receiveNIBSTPW",
            Self::FileDs => "receiveFileDS",
            Self::NibKkpr => "receiveNIBKKPR",
            Self::NibPse => "receiveNIBPSE",
            Self::CheckKomitmen => "checkKomitmen",
            Self::Transaksi => "transaksi",
        }
    }

    /// Its path below the inbox: `oss/receiveNIB`, `padi/padis`.
    #[must_use]
    pub fn path(self) -> String {
        let path = match self {
            Self::Transaksi => "padis",
            _ => self.method(),
        };
        format!("{}/{path}", self.source())
    }

    /// The kind whose method is called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.method() == name)
    }
}

impl fmt::Display for PushKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.method())
    }
}
