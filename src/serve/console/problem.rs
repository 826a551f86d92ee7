//! What goes wrong, as people see it: a page in Indonesian without inner detail. The reason stands in the log, once.

use std::fmt::Display;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::frame::Frame;
use super::page::page;
use crate::warehouse::WarehouseError;

/// Why a page is not shown. A handler returns it; it becomes a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// 400: what was sent cannot be read; the words say why.
    Unreadable(String),
    /// 401: nobody is signed in, and a form was sent.
    SignedOut,
    /// 403: the user's role has no right to it.
    Forbidden,
    /// 403: the form is not one that this site gave this user, lately.
    NotOurForm,
    /// 404: there is no such page or thing.
    NotFound,
    /// 408: the form did not come in time.
    TooSlow,
    /// 409: something stands against it; the words say what.
    Conflict(String),
    /// 413: the form is longer than it may be.
    TooLong,
    /// 421: the request names a host that this is not.
    WrongHost,
    /// 429: too many attempts; seconds to wait.
    Wait(u64),
    /// 500, logged already.
    Internal,
    /// 503: it is not to be had at the moment; the words say what.
    Unavailable(String),
}

impl Problem {
    /// An error that is nobody's doing: logged here, once, and told as nothing but that.
    pub(super) fn internal(error: &dyn Display) -> Self {
        tracing::error!(%error, "a page of the console could not be made");
        Self::Internal
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::NotOurForm => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "Permintaan tidak terbaca",
            Self::SignedOut => "Sesi sudah berakhir",
            Self::Forbidden => "Tidak berwenang",
            Self::NotOurForm => "Formulir tidak berlaku lagi",
            Self::NotFound => "Halaman tidak ditemukan",
            Self::TooSlow => "Terlalu lama",
            Self::Conflict(_) => "Belum dapat dilakukan",
            Self::TooLong => "Isian terlalu panjang",
            Self::WrongHost => "Alamat tidak dikenal",
            Self::Wait(_) => "Terlalu banyak percobaan",
            Self::Internal => "Terjadi gangguan",
            Self::Unavailable(_) => "Sedang tidak tersedia",
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Unreadable(words) | Self::Conflict(words) | Self::Unavailable(words) => words.clone(),
            Self::SignedOut => "Masuklah kembali, lalu ulangi langkah tadi.".to_owned(),
            Self::Forbidden => "Peran Anda tidak mencakup halaman ini. Mintalah akses kepada operator.".to_owned(),
            Self::NotOurForm => {
                "Formulir ini dibuka dari situs lain atau sudah kedaluwarsa. Buka kembali halamannya, lalu kirim ulang."
                    .to_owned()
            }
            Self::NotFound => "Alamat ini tidak ada, atau isinya sudah dihapus menurut aturan retensi.".to_owned(),
            Self::TooSlow => "Isian tidak tiba pada waktunya. Kirim ulang.".to_owned(),
            Self::TooLong => "Isian melebihi batas yang diterima halaman ini.".to_owned(),
            Self::WrongHost => "Bukalah konsol melalui alamat yang ditetapkan operator.".to_owned(),
            Self::Wait(seconds) => format!("Cobalah lagi setelah {seconds} detik."),
            Self::Internal => "Gangguan ini sudah tercatat. Hubungi operator bila berulang.".to_owned(),
        }
    }
}

impl From<WarehouseError> for Problem {
    fn from(error: WarehouseError) -> Self {
        Self::internal(&error)
    }
}

#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    title: &'a str,
    words: &'a str,
    status: u16,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let (title, words) = (self.title(), self.words());
        let template = ProblemPage { frame: Frame::bare(title), title, words: &words, status: status.as_u16() };
        let mut response = page(&template, status);
        if let Self::Wait(seconds) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
