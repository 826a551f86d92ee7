//! Config files and the environment as typed structs, all problems reported at once.
//!
//! The only reader of the environment. A secret is read when asked for and stays typed as one.

mod console;
mod credential;
mod cron;
pub mod deployment;
pub mod document;
mod embedded;
mod listening;
mod mail;
mod postgres;
mod retention;
mod schedule;
mod supervisor;
mod terminal;
mod watch;

pub use console::{ConsoleRole, ConsoleSettings};
pub use credential::{CredentialError, Credentials};
pub use cron::{CRON_FIELDS, CronLine};
pub use deployment::{ArchiveSettings, Config, Deployment, PrivacySettings, SourceSettings, SqlSettings};
pub use document::{Problem, Problems};
pub use embedded::{ConfigFolder, DEFAULT_CONFIG, ENV_EXAMPLE, ENV_FILE, shipped};
pub use listening::{InboxSettings, ServeSettings};
pub use mail::{MailRetry, MailSettings, MailTransport, SmtpSecurity, SmtpSettings, SmtpTimeouts};
pub use postgres::{PostgresRole, PostgresSettings, PostgresUser};
pub use retention::{KeepOverride, KeepSettings, RetentionSettings, WarehouseSettings};
pub use schedule::{DayRule, JobSettings, Misfire, ScheduleSettings};
pub use supervisor::Supervisor;
pub use terminal::{no_color, operator, pager, state_folder, without_secrets};
pub use watch::{HeartbeatRoad, WatchSettings};
