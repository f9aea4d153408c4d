//! Each fault of bytes shows on a connection, and is gone with its guard.

use super::*;

async fn ask(caller: &mut Caller) {
    caller.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
}

/// The next request, on a connection of its own, is answered in full.
async fn passes_clean(link: &Link) {
    let mut caller = Caller::to(link.address()).await;
    ask(&mut caller).await;
    let (status, body) = caller.answer().await.unwrap();
    assert_eq!((status, body.len(), body.bytes().all(|byte| byte == b'x')), (200, 200_000, true));
}

/// Everything that comes until the end; whether it ended with a reset.
async fn drained(caller: &mut Caller) -> bool {
    loop {
        match caller.more().await {
            Ok(0) => return false,
            Ok(_) => {}
            Err(_) => return true,
        }
    }
}

async fn shop_link(wire: Wire) -> (Shop, Arc<Link>) {
    let shop = Shop::open().await;
    let link = link(shop.address, wire).await;
    (shop, link)
}

fn bytes(kind: Kind) -> Vec<Fault> {
    vec![fault(kind, Select::default())]
}

#[tokio::test]
async fn a_reset_and_a_truncation_come_after_so_many_bytes() {
    for wire in [Wire::Http, Wire::Bytes] {
        for (kind, is_reset) in [(Kind::Reset { at: 1000 }, true), (Kind::Truncate { at: 1000 }, false)] {
            let (_shop, link) = shop_link(wire).await;
            let mut caller = Caller::to(link.address()).await;
            let (work, told) = apply(&link, bytes(kind));
            ask(&mut caller).await;
            assert_eq!(drained(&mut caller).await, is_reset);
            assert!(is_reset || caller.buffer.len() == 1000, "{}", caller.buffer.len());
            assert!(caller.buffer.len() <= 1000, "{}", caller.buffer.len());
            assert_eq!(hits(&told), [("connection".to_owned(), 1)]);
            drop(work);
            passes_clean(&link).await;
        }
    }
}

#[tokio::test]
async fn the_link_knows_the_answer_that_it_destroyed() {
    for kind in
        [Kind::Reset { at: 1000 }, Kind::Truncate { at: 0 }, Kind::Corrupt { every: 5000 }, Kind::HalfOpen]
    {
        let (_shop, link) = shop_link(Wire::Http).await;
        let mut caller = Caller::to(link.address()).await;
        caller.post("/orders", "a").await.unwrap();
        let (work, _) = apply(&link, bytes(kind.clone()));
        ask(&mut caller).await;
        let records = records(&link, 2).await;
        let name = kind.name();
        assert_eq!(at(&records[0], &["response", "sent"]), "true", "{name}");
        assert_eq!(at(&records[0], &["faults"]), "[]", "{name}");
        soon(async {
            while at(&link.calls().items().unwrap()[1], &["faults"]) != format!("[\"{name}\"]") {
                tokio::task::yield_now().await
            }
        })
        .await;
        let record = &link.calls().items().unwrap()[1];
        assert_eq!(at(record, &["response", "sent"]), "false", "{name}");
        assert_eq!(at(record, &["response", "status"]), "200", "{name}");
        assert_eq!(at(record, &["response_size"]), "200000", "{name}");
        assert_eq!(at(record, &["error"]), "absent", "{name}");
        drop(work);
        passes_clean(&link).await;
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_is_cut_all_the_same() {
    async fn stuck(mut caller: Caller) {
        caller.until("\r\n\r\n").await.unwrap();
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegun").await;
        std::future::pending::<()>().await;
    }
    let link = link(raw(stuck).await, Wire::Http).await;
    let (_work, _) = apply(&link, bytes(Kind::Reset { at: 0 }));
    let mut caller = Caller::to(link.address()).await;
    ask(&mut caller).await;
    assert!(drained(&mut caller).await);
    let record = &records(&link, 1).await[0];
    assert_eq!(at(record, &["error", "kind"]), "\"reset\"");
    assert_eq!(at(record, &["error", "message"]), "\"`reset` ended it before its answer was complete\"");
}

#[tokio::test]
async fn nothing_passes_until_a_timeout_ends_and_then_the_connection_is_closed() {
    for kind in [Kind::Timeout, Kind::HalfOpen] {
        let (shop, link) = shop_link(Wire::Http).await;
        let mut caller = Caller::to(link.address()).await;
        // The connection stood before the fault.
        caller.post("/orders", "a").await.unwrap();
        let asks = !matches!(kind, Kind::Timeout);
        let (work, told) = apply(&link, bytes(kind));
        caller.send("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nb").await;
        soon(async {
            while hits(&told).is_empty() {
                tokio::task::yield_now().await
            }
        })
        .await;
        let heard = tokio::time::timeout(Duration::from_millis(100), caller.io.read_buf(&mut caller.buffer));
        assert!(heard.await.is_err(), "something came");
        assert_eq!(shop.done(), if asks { 2 } else { 1 });
        drop(work);
        drained(&mut caller).await;
        assert!(caller.buffer.is_empty());
        passes_clean(&link).await;
    }
}

#[tokio::test]
async fn the_same_bytes_are_corrupt_every_time() {
    let mut seen: Vec<Vec<usize>> = Vec::new();
    for _ in 0..3 {
        let (_shop, link) = shop_link(Wire::Bytes).await;
        let mut caller = Caller::to(link.address()).await;
        let (work, _) = apply(&link, bytes(Kind::Corrupt { every: 1000 }));
        ask(&mut caller).await;
        while caller.buffer.len() < 200_000 {
            caller.more().await.unwrap();
        }
        let odd = caller.buffer.iter().enumerate().skip(1000).filter(|(_, byte)| **byte != b'x');
        seen.push(odd.map(|(at, _)| at).collect());
        drop(work);
        // The connection has carried lies, so it is of no more use.
        drained(&mut caller).await;
        passes_clean(&link).await;
    }
    assert!(seen[0].len() > 190, "{}", seen[0].len());
    assert!(seen.iter().all(|odd| *odd == seen[0]));
}

#[tokio::test]
async fn slow_bytes_come_whole_and_at_once_when_the_fault_ends() {
    for kind in [
        Kind::Latency { by: Duration::from_secs(3600), jitter: Duration::ZERO },
        Kind::Bandwidth { rate: 1000 },
        Kind::Slice { size: 10, pause: Duration::from_secs(3600) },
    ] {
        let (_shop, link) = shop_link(Wire::Http).await;
        let mut caller = Caller::to(link.address()).await;
        let (work, told) = apply(&link, bytes(kind.clone()));
        ask(&mut caller).await;
        soon(async {
            while hits(&told).is_empty() {
                tokio::task::yield_now().await
            }
        })
        .await;
        drop(work);
        let (status, body) = caller.answer().await.unwrap();
        assert_eq!((status, body.len()), (200, 200_000), "{}", kind.name());
        passes_clean(&link).await;
    }
}

#[tokio::test]
async fn latency_is_waited_for_and_not_more_than_once() {
    let (_shop, link) = shop_link(Wire::Http).await;
    let by = Duration::from_millis(150);
    let (_work, told) = apply(&link, bytes(Kind::Latency { by, jitter: Duration::ZERO }));
    let began = Instant::now();
    passes_clean(&link).await;
    assert!(began.elapsed() >= by);
    assert_eq!(hits(&told).len(), 1);
}

#[tokio::test]
async fn a_slow_close_waits_and_ends_with_its_guard() {
    async fn close(mut caller: Caller) {
        caller.until("\r\n\r\n").await.unwrap();
        caller.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    }
    let link = link(raw(close).await, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    let (work, told) = apply(&link, bytes(Kind::SlowClose { by: Duration::from_secs(3600) }));
    ask(&mut caller).await;
    assert_eq!(caller.answer().await.unwrap(), (200, "ok".to_owned()));
    soon(async {
        while hits(&told).is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await;
    let heard = tokio::time::timeout(Duration::from_millis(100), caller.io.read_buf(&mut caller.buffer));
    assert!(heard.await.is_err(), "it was closed");
    drop(work);
    assert_eq!(caller.more().await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_that_a_fault_harms_is_noted_once() {
    use crate::link::near;
    let (_shop, link) = shop_link(Wire::Bytes).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _caller = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (io, _) = listener.accept().await.unwrap();
    let (conn, _read, mut write) = near::open(io, link.shared.clone()).unwrap();
    let (_work, told) = apply(&link, bytes(Kind::HalfOpen));
    let before = Arc::weak_count(&conn);
    for _ in 0..20 {
        write.write_all(b"x").await.unwrap();
    }
    soon(async {
        while Arc::weak_count(&conn) == before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(hits(&told), [("connection".to_owned(), 1)]);
    assert_eq!(Arc::weak_count(&conn) - before, 1);
}
