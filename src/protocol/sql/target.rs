//! Where a database is: its URL, read, and as it may be shown.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::lang::sql::Dialect;
use crate::protocol::{Endpoint, Misuse};
use crate::value::MASK;

/// How long SQLite waits for a lock that another process holds.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Where a database is.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Without its password.
    pub(super) shown: String,
    pub(super) how: How,
}

/// How it is connected to.
#[derive(Debug, Clone)]
pub(super) enum How {
    Sqlite { path: PathBuf, options: Box<SqliteConnectOptions> },
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
}

impl Target {
    /// Of a service. With `only_safe`, a file is opened for reading only.
    pub(super) fn new(endpoint: &Endpoint, only_safe: bool) -> Result<Target, Misuse> {
        let url = endpoint.url.as_str();
        let shown = without_password(url);
        let wrong = |why: String| {
            Misuse::new(format!("`{}` has no database at `{shown}`: {why}", endpoint.service)).help(
                "write `sqlite://path`, `postgres://user@host:5432/name` or `mysql://user@host:3306/name`",
            )
        };
        let how = match Dialect::of_url(url) {
            Some(Dialect::Sqlite) => sqlite(url, &endpoint.dir, only_safe).map_err(wrong)?,
            Some(Dialect::Postgres) => {
                let options: PgConnectOptions = url.parse().map_err(|error| wrong(plain(&error)))?;
                // Prepared statements that outlive a changed table would fail.
                let options = options.statement_cache_capacity(0).application_name("scn");
                How::Postgres(Box::new(options.disable_statement_logging()))
            }
            Some(Dialect::MySql) => {
                let url = url.replacen("mariadb://", "mysql://", 1);
                let options: MySqlConnectOptions = url.parse().map_err(|error| wrong(plain(&error)))?;
                let options = options.pipes_as_concat(false).no_engine_substitution(false);
                How::MySql(Box::new(options.disable_statement_logging()))
            }
            None => return Err(wrong("its scheme names no database".to_owned())),
        };
        Ok(Target { shown, how })
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.how {
            How::Sqlite { .. } => Dialect::Sqlite,
            How::Postgres(_) => Dialect::Postgres,
            How::MySql(_) => Dialect::MySql,
        }
    }
}

/// What the driver says of a URL, never the URL.
fn plain(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(why) => why.to_string(),
        other => other.to_string(),
    }
}

/// The URL without its password, in the place of user and password or among the parameters.
pub(crate) fn without_password(url: &str) -> String {
    password_ranges(url).into_iter().rev().fold(url.to_owned(), |mut text, range| {
        text.replace_range(range, MASK);
        text
    })
}

/// The passwords in a URL, as written and decoded.
pub(crate) fn passwords(url: &str) -> Vec<String> {
    let mut found = Vec::new();
    for range in password_ranges(url) {
        let written = &url[range];
        let decoded = percent_encoding::percent_decode_str(written).decode_utf8_lossy().into_owned();
        if decoded != written {
            found.push(decoded);
        }
        found.push(written.to_owned());
    }
    found
}

fn password_ranges(url: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let Some(start) = url.find("://").map(|at| at + 3) else { return found };
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    // A password that should have been encoded: the driver refuses it, and it must not be shown.
    let is_file = url.starts_with("sqlite:");
    let port = url[start..end].rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let end = match url[end..].rfind('@') {
        Some(at) if !is_file && !port && !url[start..end].contains('@') => end + at + 1,
        _ => end,
    };
    if let Some(at) = url[start..end].rfind('@').map(|at| start + at)
        && let Some(colon) = url[start..at].find(':').map(|colon| start + colon)
        && colon + 1 < at
    {
        found.push(colon + 1..at);
    }
    if let Some(query) = url.find('?') {
        let mut at = query + 1;
        for pair in url[at..].split('&') {
            if let Some((name, value)) = pair.split_once('=')
                && name.to_ascii_lowercase().contains("password")
                && !value.is_empty()
            {
                found.push(at + name.len() + 1..at + pair.len());
            }
            at += pair.len() + 1;
        }
    }
    found
}

/// `sqlite://path`, `sqlite:path`; `?mode=ro`, `rw` (as it is unless given) or `rwc`, which makes
/// the file when it is missing.
fn sqlite(url: &str, dir: &Path, only_safe: bool) -> Result<How, String> {
    let rest = url.strip_prefix("sqlite:").unwrap_or(url);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (name, query) = rest.split_once('?').map_or((rest, None), |(name, query)| (name, Some(query)));
    if name.is_empty() {
        return Err("it names no file".to_owned());
    }
    if name == ":memory:" || query.is_some_and(|query| query.contains("mode=memory")) {
        return Err("a database in memory belongs to the process that made it; give a file".to_owned());
    }
    let name = percent_encoding::percent_decode_str(name).decode_utf8().map_err(|_| "it is no UTF-8")?;
    let path = dir.join(&*name);
    let mut options = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(BUSY)
        .read_only(only_safe)
        .disable_statement_logging();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        options = match (&*name, &*value) {
            ("mode", "ro") => options.read_only(true),
            ("mode", "rw") => options,
            ("mode", "rwc") => options.create_if_missing(!only_safe),
            ("mode", other) => return Err(format!("`mode` is `ro`, `rw` or `rwc`, not `{other}`")),
            ("immutable", "1" | "true") => options.immutable(true),
            (other, _) => {
                return Err(format!("a SQLite URL has no `{other}`; it has `mode` and `immutable`"));
            }
        };
    }
    Ok(How::Sqlite { path, options: Box::new(options) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        for (url, shown) in [
            ("postgres://me:geheim@h:5432/db", "postgres://me:•••@h:5432/db"),
            ("postgres://me:a@b@h/db", "postgres://me:•••@h/db"),
            (
                "postgres://me@h/db?password=geheim&sslmode=disable",
                "postgres://me@h/db?password=•••&sslmode=disable",
            ),
            ("mysql://me:x@h?ssl-key-password=k", "mysql://me:•••@h?ssl-key-password=•••"),
            ("postgres://me:a/b?c#d@h:5432/db", "postgres://me:•••@h:5432/db"),
            ("postgres://h:5432/a@b", "postgres://h:5432/a@b"),
            ("sqlite:///tmp/a:b@c.db", "sqlite:///tmp/a:b@c.db"),
            ("postgres://me@h/db", "postgres://me@h/db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
        assert_eq!(passwords("postgres://me:a%40b@h/db"), ["a@b", "a%40b"]);
    }
}
