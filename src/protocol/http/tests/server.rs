//! Servers for the tests. They bind port 0 and end with the test's runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri, Version};
use axum::response::IntoResponse;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::value::{Value, to_json};

/// Serves a router; gives its URL.
pub(super) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// Answers every request with what it was: `{ method, uri, version, headers, body }`.
pub(super) fn echo() -> Router {
    Router::new().fallback(answer)
}

async fn answer(
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let headers = Value::object(headers.keys().map(|name| {
        let values: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        (name.as_str().to_owned(), Value::text(values.join(" | ")))
    }));
    let record = Value::object([
        ("method", Value::text(method.as_str())),
        ("uri", Value::text(uri.to_string())),
        ("version", Value::text(format!("{version:?}"))),
        ("headers", headers),
        ("body", Value::text(String::from_utf8_lossy(&body))),
    ]);
    ([("content-type", "application/json")], to_json(&record))
}

/// Runs `each` for every connection; gives the URL and the count of connections.
pub(super) async fn raw<F, R>(each: F) -> (String, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(each(stream));
        }
    });
    (url, count)
}

/// Answers every connection with the same bytes, and closes it.
pub(super) async fn canned(response: impl Into<Vec<u8>>) -> String {
    let response = Arc::new(response.into());
    let answer = move |mut stream: TcpStream| {
        let response = response.clone();
        async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(&response).await;
            finish(stream).await;
        }
    };
    raw(answer).await.0
}

/// Reads a request's head; what it says is given as text.
pub(super) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Ends the sending side and waits for the client, so that it reads all before a reset can overtake.
pub(super) async fn finish(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let mut sink = Vec::new();
    let _ = stream.read_to_end(&mut sink).await;
}

/// A server that takes connections and says nothing.
pub(super) async fn silent() -> String {
    raw(|mut stream| async move {
        let mut sink = Vec::new();
        let _ = stream.read_to_end(&mut sink).await;
    })
    .await
    .0
}

/// An address at which nothing listens.
pub(super) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
