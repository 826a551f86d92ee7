//! `lumbung user`: who may sign in to the console.

use std::io::{IsTerminal, Read};

use clap::{Args, Subcommand};
use console::Term;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::Context;
use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, print, print_json};
use super::progress::talk;
use crate::config::ConsoleRole;
use crate::mail::Address;
use crate::password::{self, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordError};
use crate::warehouse::{Account, AccountError, Accounts, Warehouse};

/// Who may sign in to the console
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung user add ani --role leader\n  lumbung user list\n\nThe console of lumbung serve reads them \
        again when they change. What each role may: docs/console.md"
)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add a user; the password is asked for, or read from stdin
    #[command(after_help = "Examples:\n  lumbung user add ani --role leader --mail ani@contoh.go.id\n  \
        lumbung user add budi --role operator < budi.password\n\nA password has at least 12 characters. It never stands in the \
        command: others see commands.")]
    Add {
        /// A letter, then letters, digits, dots, hyphens or underscores, all lower case
        name: String,
        /// What they may: leader (reports), analyst (also data and SQL), operator (everything)
        #[arg(long, value_parser = role)]
        role: ConsoleRole,
        /// Where proofs go that they ask for
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
        /// They sign in at a proxy only (serve.console.proxy_header), and have no password here
        #[arg(long)]
        no_password: bool,
    },
    /// The users, with role and when their password was set
    #[command(after_help = "Example:\n  lumbung user list --output json")]
    List,
    /// Remove a user; their sessions end
    #[command(after_help = "Example:\n  lumbung user remove ani")]
    Remove {
        /// Who
        name: String,
    },
    /// Give a user another password; their sessions end
    #[command(after_help = "Example:\n  lumbung user password ani")]
    Password {
        /// Who
        name: String,
    },
}

fn role(text: &str) -> Result<ConsoleRole, String> {
    ConsoleRole::from_word(text).ok_or_else(|| "leader, analyst or operator".to_owned())
}

pub(crate) fn run(context: &Context, args: &UserArgs) -> Result<(), Failure> {
    match &args.command {
        UserCommand::List => list(context),
        UserCommand::Add { name, role, mail, no_password } => {
            let mail = mail.as_deref().map(address).transpose()?;
            let accounts = accounts(context)?;
            if accounts.read()?.contains_key(name) {
                return Err(Failure::usage(format!("there is a user {name} already")).with_hint(
                    "lumbung user password gives another password; remove and add again for another role",
                ));
            }
            let password = if *no_password { None } else { Some(hashed(name)?) };
            let account = Account { role: *role, mail, password, changed_at: context.clock.now() };
            accounts.change(|users| users.insert(name.clone(), account))?;
            say(context, &format!("{name} may sign in as {}", role.word()));
            Ok(())
        }
        UserCommand::Remove { name } => {
            let removed = accounts(context)?.change(|users| users.remove(name))?;
            removed.map(|_| say(context, &format!("{name} may not sign in any more"))).ok_or_else(|| unknown(name))
        }
        UserCommand::Password { name } => {
            let accounts = accounts(context)?;
            if !accounts.read()?.contains_key(name) {
                return Err(unknown(name));
            }
            let password = Some(hashed(name)?);
            let changed_at = context.clock.now();
            let changed = accounts.change(|users| {
                users.get_mut(name).map(|account| (account.password, account.changed_at) = (password, changed_at))
            })?;
            changed.map(|()| say(context, &format!("{name} has another password"))).ok_or_else(|| unknown(name))
        }
    }
}

fn accounts(context: &Context) -> Result<Accounts, Failure> {
    Ok(Warehouse::open(&context.warehouse, context.clock.now())?.accounts())
}

fn list(context: &Context) -> Result<(), Failure> {
    let users = Warehouse::open_for_reading(&context.warehouse)?.accounts().read()?;
    let mut table = Table::new(&["user", "role", "signs in", "proofs", "since"]);
    for (name, account) in users {
        let signs_in = if account.password.is_some() { "password" } else { "proxy" };
        let since = account.changed_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        match context.output {
            OutputFormat::Json => {
                print_json(&json!({ "user": name, "role": account.role.word(), "signs_in": signs_in,
                "proofs": account.mail.is_some(), "since": since }))?;
            }
            OutputFormat::Table => {
                let proofs = if account.mail.is_some() { "yes" } else { "no address" };
                let role = account.role.word().to_owned();
                table.row(vec![name, role, signs_in.to_owned(), proofs.to_owned(), since]);
            }
        }
    }
    if context.output == OutputFormat::Table { print(&table.render()) } else { Ok(()) }
}

/// The hash of a password that is typed twice, or stands on stdin.
fn hashed(name: &str) -> Result<String, Failure> {
    let password = if std::io::stdin().is_terminal() { typed_twice(name)? } else { from_stdin()? };
    password::hash(&password).map_err(|error| match error {
        PasswordError::TooShort(_) | PasswordError::TooLong => Failure::usage(error),
        _ => Failure::internal(error),
    })
}

fn typed_twice(name: &str) -> Result<SecretString, Failure> {
    let terminal = Term::stderr();
    let typed = |prompt: &str| {
        let line = terminal.write_str(prompt).and_then(|()| terminal.read_secure_line());
        line.map(SecretString::from).map_err(|error| Failure::usage(format!("the terminal cannot be read: {error}")))
    };
    let first = typed(&format!("password of {name} ({PASSWORD_CHARS_MIN} characters or more): "))?;
    let second = typed("once more: ")?;
    if first.expose_secret() == second.expose_secret() {
        return Ok(first);
    }
    Err(Failure::usage("the two are not the same; nothing was changed"))
}

fn from_stdin() -> Result<SecretString, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(PASSWORD_BYTES_MAX as u64 + 2).read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("stdin cannot be read: {error}")))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(SecretString::from(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

fn address(text: &str) -> Result<String, Failure> {
    let parsed: Result<Address, _> = text.parse();
    parsed.map(|_| text.to_owned()).map_err(|error| Failure::usage(format!("--mail is no mail address: {error}")))
}

fn unknown(name: &str) -> Failure {
    Failure::usage(format!("there is no user {name}")).with_hint("lumbung user list shows who there is")
}

fn say(context: &Context, words: &str) {
    if !context.quiet {
        talk(words);
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Warehouse(error) => error.into(),
            AccountError::Broken { .. } => Self::new(Code::Configuration, error),
            AccountError::Name(_) => Self::usage(error),
        }
    }
}
