//! The shell line that sends the same request.

use crate::value::words::shell_quote;
use std::fmt::Write as _;

use reqwest::Method;

use super::client::Version;
use super::options::Options;
use super::payload::Shell;

/// A request as `curl` needs it.
pub(super) struct Line<'a> {
    pub(super) method: &'a Method,
    /// With secrets masked.
    pub(super) url: &'a str,
    /// With secrets masked.
    pub(super) headers: &'a [(String, String)],
    pub(super) body: &'a Shell,
    pub(super) options: &'a Options,
    pub(super) is_secure: bool,
    /// The name it is spoken to by, and the host whose address that has.
    pub(super) alias: Option<(&'a str, &'a str)>,
    pub(super) port: u16,
}

impl Line<'_> {
    /// On one line, quoted for a POSIX shell.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let mut after = String::new();
        if let Shell::Pipe(bytes) = self.body {
            out.push_str("printf '");
            for byte in bytes {
                let _ = write!(out, "\\{byte:03o}");
            }
            out.push_str("' | ");
        }
        out.push_str("curl -sS -i");
        if *self.method == Method::HEAD {
            out.push_str(" -I");
        } else {
            push(&mut out, "-X", self.method.as_str());
        }
        self.connection(&mut out);
        // `*`, `{`, `[` in a URL mean something to curl.
        if self.url.contains(['[', ']', '{', '}']) {
            out.push_str(" -g");
        }
        out.push(' ');
        match self.alias {
            Some((name, host)) => {
                out.push_str(&shell_quote(&self.url.replacen(host, name, 1)));
                push(&mut out, "--connect-to", &format!("{name}:{0}:{host}:{0}", self.port));
            }
            None => out.push_str(&shell_quote(self.url)),
        }
        for (name, value) in self.headers {
            // An empty value needs a semicolon, a colon would remove the header.
            let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            push(&mut out, "-H", &header);
        }
        let typed = self.headers.iter().any(|(name, _)| name == "content-type");
        match self.body {
            Shell::Nothing => {}
            Shell::Arguments(arguments) => {
                // What `--data` adds of itself must go.
                if !typed && arguments.first().is_some_and(|first| first.starts_with("--data")) {
                    push(&mut out, "-H", "content-type:");
                }
                for argument in arguments {
                    out.push(' ');
                    out.push_str(&shell_quote(argument));
                }
            }
            Shell::Pipe(_) => out.push_str(" --data-binary @-"),
            Shell::TooLong(length) => {
                out.push_str(" --data-binary @body");
                let _ = write!(after, "  # put the {length} bytes of the body into the file `body`");
            }
        }
        out.push_str(&after);
        out
    }

    fn connection(&self, out: &mut String) {
        match (self.options.version, self.is_secure) {
            (Version::Negotiated, _) => {}
            (Version::One, _) => out.push_str(" --http1.1"),
            (Version::Two, true) => out.push_str(" --http2"),
            (Version::Two, false) => out.push_str(" --http2-prior-knowledge"),
        }
        if self.options.redirects > 0 {
            push(out, "-L --max-redirs", &self.options.redirects.to_string());
        }
        if !self.is_secure {
            return;
        }
        let tls = &self.options.tls;
        for (flag, path) in [("--cacert", &tls.ca), ("--cert", &tls.cert), ("--key", &tls.key)] {
            if let Some(path) = path {
                push(out, flag, &self.options.tls_dir.join(path).display().to_string());
            }
        }
        if tls.insecure {
            out.push_str(" -k");
        }
    }
}

fn push(out: &mut String, flag: &str, value: &str) {
    out.push(' ');
    out.push_str(flag);
    out.push(' ');
    out.push_str(&shell_quote(value));
}
