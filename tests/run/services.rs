//! Real services for real links: this test program itself, started by a run as a shop that posts
//! what it sells in the books of another service.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What starts one, for `start "…"`.
pub(crate) fn start() -> String {
    let program = std::env::current_exe().unwrap();
    format!("{} --exact services::serve --ignored --nocapture", program.display())
}

/// A shop and the books it keeps, as a module. `shop`:
/// - `POST /buy` posts in the books, up to `ATTEMPTS` times (3) until that is answered, and gives
///   `{ "attempts": 2 }`, or 502 when it was never answered
/// - `GET /books` is where it looks for the books
///
/// `books`:
/// - `POST /post` writes a line and gives `{ "count": 1 }`
/// - `GET /count` is how many lines there are
pub(crate) fn shop() -> String {
    let start = start();
    format!(
        r#"
service shop {{
  speaks http
  start "{start}"
  env {{ LISTEN: addr, BOOKS: books.addr, PID_FILE: "shop.pid" }}
  ready GET /count
}}
service books {{
  speaks http
  start "{start}"
  env {{ LISTEN: addr, BOOKS: "", PID_FILE: "books.pid" }}
  ready GET /count
}}
"#
    )
}

/// Runs as a service of a test's scenarios, until it is killed.
#[test]
#[ignore = "this is a service, not a test"]
fn serve() {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    std::fs::write(var("PID_FILE"), std::process::id().to_string()).unwrap();
    let lines: Arc<Mutex<u32>> = Arc::default();
    for stream in TcpListener::bind(var("LISTEN")).unwrap().incoming().map_while(Result::ok) {
        let (lines, books) = (lines.clone(), var("BOOKS"));
        std::thread::spawn(move || while one(&stream, &lines, &books).is_some() {});
    }
}

/// Answers one request of a connection; nothing when it is over.
fn one(stream: &TcpStream, lines: &Mutex<u32>, books: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (first, _) = message(&mut reader)?;
    let count = || *lines.lock().unwrap();
    let (status, body) = match first.rsplit_once(' ')?.0 {
        "POST /buy" => match (1..=3).find(|_| post(books).is_some()) {
            Some(attempts) => ("201 Created", format!("{{\"attempts\":{attempts}}}")),
            None => ("502 Bad Gateway", "{}".to_owned()),
        },
        "POST /post" => {
            *lines.lock().unwrap() += 1;
            ("201 Created", format!("{{\"count\":{}}}", count()))
        }
        "GET /count" => ("200 OK", count().to_string()),
        "GET /books" => ("200 OK", format!("\"{books}\"")),
        _ => ("404 Not Found", "{}".to_owned()),
    };
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
    let mut stream = stream;
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).ok()
}

/// Posts a line in the books; whether that was answered.
fn post(books: &str) -> Option<()> {
    let mut stream = TcpStream::connect(books).ok()?;
    let body = r#"{"line":"tea"}"#;
    let head = format!(
        "POST /post HTTP/1.1\r\nhost: {books}\r\ncontent-type: application/json\r\ncontent-length: {}",
        body.len()
    );
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).ok()?;
    let (first, _) = message(&mut BufReader::new(&stream))?;
    first.contains("201").then_some(())
}

/// The first line and the body of a request or response.
fn message(reader: &mut impl std::io::BufRead) -> Option<(String, Vec<u8>)> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0).map(|_| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut length = 0;
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, body))
}
