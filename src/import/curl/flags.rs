//! The flags of curl (curl 8, `curl --help all`): which take a value, and what becomes of them.

use super::data::Kind;

/// A flag.
pub(super) struct Flag {
    short: Option<char>,
    long: &'static str,
    /// Whether a value follows.
    pub(super) takes: bool,
    pub(super) act: Act,
}

/// What becomes of a flag.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    Request,
    Url,
    /// `Name: value`
    Header,
    /// The value of this header.
    Named(&'static str),
    Data(Kind),
    Json,
    /// A part of a form; whether `@` and `;` mean themselves.
    Form(bool),
    User,
    Bearer,
    Cookie,
    CookieJar,
    Range,
    Get,
    Head,
    Upload,
    Insecure,
    /// A field of the option `tls`.
    Tls(&'static str),
    Cert,
    Follow,
    /// As `Follow`, with the credentials for every host.
    Trusted,
    MaxRedirects,
    Compressed,
    /// URLs are as they are written.
    Literal,
    /// Another scheme than `Basic` for user and password.
    Scheme,
    /// A time for this option.
    Seconds(&'static str),
    Version(&'static str),
    Fail,
    /// Only what is printed.
    Prints,
    /// Not carried over, and why.
    Lost(&'static str),
}

use Act::{
    Bearer, Cert, Compressed, Cookie, CookieJar, Data, Fail, Follow, Form, Get, Head, Header, Insecure, Json,
    Literal, Lost, MaxRedirects, Named, Prints, Range, Request, Scheme, Seconds, Tls, Trusted, Upload, Url,
    User, Version,
};

const fn with(short: Option<char>, long: &'static str, act: Act) -> Flag {
    Flag { short, long, takes: true, act }
}

const fn bare(short: Option<char>, long: &'static str, act: Act) -> Flag {
    Flag { short, long, takes: false, act }
}

const SAVES: &str = "which saves the answer in a file";
const AGAIN: &str = "for which there is `eventually`";
const NET: &str = "which chooses a way through the net";
const TLS: &str = "a detail of TLS";

/// Every flag that is known.
const FLAGS: &[Flag] = &[
    with(Some('X'), "request", Request),
    with(None, "url", Url),
    with(Some('H'), "header", Header),
    with(Some('A'), "user-agent", Named("User-Agent")),
    with(Some('e'), "referer", Named("Referer")),
    with(Some('d'), "data", Data(Kind::Plain)),
    with(None, "data-ascii", Data(Kind::Plain)),
    with(None, "data-binary", Data(Kind::Binary)),
    with(None, "data-raw", Data(Kind::Raw)),
    with(None, "data-urlencode", Data(Kind::Encoded)),
    with(None, "url-query", Lost("which adds to the query")),
    with(None, "json", Json),
    with(Some('F'), "form", Form(false)),
    with(None, "form-string", Form(true)),
    with(Some('u'), "user", User),
    with(None, "oauth2-bearer", Bearer),
    with(Some('b'), "cookie", Cookie),
    with(Some('c'), "cookie-jar", CookieJar),
    with(Some('r'), "range", Range),
    with(Some('T'), "upload-file", Upload),
    bare(Some('G'), "get", Get),
    bare(Some('I'), "head", Head),
    bare(Some('k'), "insecure", Insecure),
    with(None, "cacert", Tls("ca")),
    with(Some('E'), "cert", Cert),
    with(None, "key", Tls("key")),
    bare(Some('L'), "location", Follow),
    bare(None, "location-trusted", Trusted),
    with(None, "max-redirs", MaxRedirects),
    bare(None, "compressed", Compressed),
    with(Some('m'), "max-time", Seconds("timeout")),
    with(None, "connect-timeout", Seconds("connect_timeout")),
    bare(None, "http1.1", Version("1.1")),
    bare(None, "http2", Version("2")),
    bare(None, "http2-prior-knowledge", Version("2-prior-knowledge")),
    bare(Some('0'), "http1.0", Lost("a version that scn does not speak")),
    bare(None, "http0.9", Lost("a version that scn does not speak")),
    bare(None, "http3", Lost("a version that scn does not speak")),
    bare(None, "http3-only", Lost("a version that scn does not speak")),
    bare(Some('f'), "fail", Fail),
    bare(None, "fail-with-body", Fail),
    bare(Some('s'), "silent", Prints),
    bare(Some('S'), "show-error", Prints),
    bare(Some('v'), "verbose", Prints),
    bare(Some('i'), "include", Prints),
    bare(None, "show-headers", Prints),
    bare(Some('#'), "progress-bar", Prints),
    bare(None, "no-progress-meter", Prints),
    bare(Some('N'), "no-buffer", Prints),
    bare(None, "styled-output", Prints),
    with(None, "stderr", Prints),
    with(None, "trace", Prints),
    with(None, "trace-ascii", Prints),
    bare(None, "trace-time", Prints),
    bare(Some('g'), "globoff", Literal),
    bare(Some('q'), "disable", Prints),
    bare(None, "fail-early", Prints),
    bare(Some('Z'), "parallel", Lost("requests at the same time")),
    with(Some('o'), "output", Lost(SAVES)),
    bare(Some('O'), "remote-name", Lost(SAVES)),
    bare(Some('J'), "remote-header-name", Lost(SAVES)),
    with(None, "output-dir", Lost(SAVES)),
    bare(None, "create-dirs", Lost(SAVES)),
    with(Some('D'), "dump-header", Lost("which saves the headers in a file")),
    with(Some('w'), "write-out", Lost("which prints parts of the answer")),
    with(Some('x'), "proxy", Lost(NET)),
    with(Some('U'), "proxy-user", Lost(NET)),
    with(None, "proxy-header", Lost(NET)),
    bare(Some('p'), "proxytunnel", Lost(NET)),
    with(None, "preproxy", Lost(NET)),
    with(None, "noproxy", Lost(NET)),
    with(None, "socks5", Lost(NET)),
    with(None, "socks5-hostname", Lost(NET)),
    with(None, "resolve", Lost(NET)),
    with(None, "connect-to", Lost(NET)),
    with(None, "interface", Lost(NET)),
    with(None, "local-port", Lost(NET)),
    with(None, "unix-socket", Lost(NET)),
    with(None, "abstract-unix-socket", Lost(NET)),
    with(None, "dns-servers", Lost(NET)),
    with(None, "doh-url", Lost(NET)),
    bare(Some('4'), "ipv4", Lost(NET)),
    bare(Some('6'), "ipv6", Lost(NET)),
    bare(None, "tcp-nodelay", Lost(NET)),
    bare(None, "tcp-fastopen", Lost(NET)),
    bare(None, "no-keepalive", Lost(NET)),
    with(None, "keepalive-time", Lost(NET)),
    with(None, "limit-rate", Lost("which slows the transfer down: there is the fault `bandwidth`")),
    with(Some('Y'), "speed-limit", Lost("a limit of speed")),
    with(Some('y'), "speed-time", Lost("a limit of speed")),
    with(None, "max-filesize", Lost("for which there is the option `limit`")),
    with(None, "expect100-timeout", Lost("a detail of `Expect: 100-continue`")),
    with(None, "retry", Lost(AGAIN)),
    with(None, "retry-delay", Lost(AGAIN)),
    with(None, "retry-max-time", Lost(AGAIN)),
    bare(None, "retry-all-errors", Lost(AGAIN)),
    bare(None, "retry-connrefused", Lost(AGAIN)),
    bare(None, "basic", Prints),
    bare(None, "digest", Scheme),
    bare(None, "ntlm", Scheme),
    bare(None, "negotiate", Scheme),
    bare(None, "anyauth", Scheme),
    with(None, "aws-sigv4", Scheme),
    bare(Some('n'), "netrc", Lost("a file of passwords")),
    with(None, "netrc-file", Lost("a file of passwords")),
    bare(Some('j'), "junk-session-cookies", Lost("a file of cookies")),
    bare(None, "path-as-is", Lost("dot segments are never sent")),
    with(None, "request-target", Lost("the target follows from the URL")),
    bare(None, "post301", Lost("how redirects are followed")),
    bare(None, "post302", Lost("how redirects are followed")),
    bare(None, "post303", Lost("how redirects are followed")),
    bare(None, "tr-encoding", Lost("a coding of the transfer")),
    bare(None, "raw", Lost("codings are always undone")),
    bare(None, "ignore-content-length", Lost("broken HTTP is an error")),
    with(Some('z'), "time-cond", Lost("a condition on a file's date")),
    with(None, "etag-save", Lost("a file of tags")),
    with(None, "etag-compare", Lost("a file of tags")),
    with(Some('C'), "continue-at", Lost("a part of a file")),
    with(Some('K'), "config", Lost("a file of more flags")),
    with(Some('t'), "telnet-option", Lost("which is not HTTP")),
    with(Some('Q'), "quote", Lost("which is not HTTP")),
    with(Some('P'), "ftp-port", Lost("which is not HTTP")),
    with(None, "proto", Lost("which names the protocols that are allowed")),
    with(None, "proto-redir", Lost("which names the protocols that are allowed")),
    with(None, "proto-default", Lost("which names a protocol")),
    with(None, "capath", Lost(TLS)),
    with(None, "pinnedpubkey", Lost(TLS)),
    with(None, "pass", Lost("the password of a key")),
    with(None, "cert-type", Lost(TLS)),
    with(None, "key-type", Lost(TLS)),
    with(None, "ciphers", Lost(TLS)),
    with(None, "tls13-ciphers", Lost(TLS)),
    with(None, "tls-max", Lost(TLS)),
    with(None, "curves", Lost(TLS)),
    with(None, "crlfile", Lost(TLS)),
    bare(None, "cert-status", Lost(TLS)),
    bare(None, "ssl", Lost(TLS)),
    bare(None, "ssl-reqd", Lost(TLS)),
    bare(None, "ssl-no-revoke", Lost(TLS)),
    bare(Some('1'), "tlsv1", Lost(TLS)),
    bare(None, "tlsv1.0", Lost(TLS)),
    bare(None, "tlsv1.1", Lost(TLS)),
    bare(None, "tlsv1.2", Lost(TLS)),
    bare(None, "tlsv1.3", Lost(TLS)),
    bare(None, "no-alpn", Lost(TLS)),
    bare(Some('a'), "append", Lost("which is not HTTP")),
    bare(Some('B'), "use-ascii", Lost("which is not HTTP")),
    bare(Some('l'), "list-only", Lost("which is not HTTP")),
    bare(Some('R'), "remote-time", Lost(SAVES)),
    bare(Some('M'), "manual", Prints),
    bare(Some('h'), "help", Prints),
    bare(Some('V'), "version", Prints),
];

/// The flag with this name, without its dashes; as curl does, the beginning of one name is enough.
pub(super) fn long(name: &str) -> Option<&'static Flag> {
    if let Some(exact) = FLAGS.iter().find(|flag| flag.long == name) {
        return Some(exact);
    }
    let mut near = FLAGS.iter().filter(|flag| name.len() > 2 && flag.long.starts_with(name));
    near.next().filter(|_| near.next().is_none())
}

/// The flag with this letter.
pub(super) fn short(letter: char) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.short == Some(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_told_apart() {
        for (index, flag) in FLAGS.iter().enumerate() {
            let others = || FLAGS[..index].iter();
            assert!(others().all(|other| other.long != flag.long), "{}", flag.long);
            assert!(flag.short.is_none() || others().all(|other| other.short != flag.short), "{}", flag.long);
        }
        assert_eq!(long("insec").map(|flag| flag.long), Some("insecure"));
        assert!(long("da").is_none() && long("nonsense").is_none());
    }
}
