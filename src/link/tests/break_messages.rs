//! Each fault of messages hits what it should, and is gone with its guard.

use super::*;

const FIRST: Select = Select {
    method: None,
    route: None,
    nth: None,
    first: Some(1),
    every: None,
    share: None,
    per: None,
    of: None,
};

fn is_reset(answer: &std::io::Result<(u16, String)>) -> bool {
    answer.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

#[tokio::test]
async fn a_lost_request_never_arrives() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let (work, told) = apply(&link, vec![fault(Kind::LostRequest, FIRST)]);
    assert!(is_reset(&post(&link, "/orders", "a").await));
    assert_eq!(shop.done(), 0);
    assert_eq!(post(&link, "/orders", "a").await.unwrap().0, 200);
    drop(work);
    assert_eq!(hits(&told), [("POST /orders".to_owned(), 1)]);
    let records = records(&link, 2).await;
    assert_eq!(at(&records[0], &["faults"]), "[\"lost_request\"]");
    assert_eq!(at(&records[0], &["response"]), "absent");
    assert_eq!((at(&records[0], &["attempt"]), at(&records[1], &["attempt"])), ("1".into(), "2".into()));
}

#[tokio::test]
async fn a_lost_response_was_given_and_the_link_knows_it() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let (work, told) = apply(&link, vec![fault(Kind::LostResponse, FIRST)]);
    assert!(is_reset(&post(&link, "/orders", "a").await));
    assert_eq!(shop.done(), 1);
    drop(work);
    assert_eq!(hits(&told).len(), 1);
    assert_eq!(post(&link, "/orders", "a").await.unwrap().1, "{\"number\":2}");
    let records = records(&link, 2).await;
    assert_eq!(at(&records[0], &["response", "body"]), "{ number: 1 }");
    assert_eq!(at(&records[0], &["response", "sent"]), "false");
    assert_eq!(at(&records[1], &["response", "sent"]), "true");
}

#[tokio::test]
async fn the_true_outcome_is_found_by_its_span() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let (_work, _) = apply(&link, vec![fault(Kind::LostResponse, FIRST)]);
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut caller = Caller::to(link.address()).await;
    caller
        .send(format!(
            "POST /orders HTTP/1.1\r\nHost: a\r\ntraceparent: {parent}\r\nContent-Length: 0\r\n\r\n"
        ))
        .await;
    assert!(caller.more().await.is_err());
    records(&link, 1).await;
    let hidden = link.calls().hidden(parent).unwrap();
    assert_eq!(at(&hidden, &["body"]), "{ number: 1 }");
    assert_eq!(link.calls().hidden("00-0af7651916cd43dd8448eb211c80319c-0000000000000001-01"), None);
}

#[tokio::test]
async fn a_duplicate_is_done_again_and_the_first_answer_counts() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let (work, _) = apply(&link, vec![fault(Kind::Duplicate { times: 2 }, FIRST)]);
    let mut caller = Caller::to(link.address()).await;
    assert_eq!(caller.post("/orders", "a").await.unwrap().1, "{\"number\":1}");
    // All were answered before the caller heard.
    assert_eq!(shop.done(), 3);
    assert_eq!(*shop.bodies.lock().unwrap(), ["a", "a", "a"]);
    drop(work);
    assert_eq!(caller.post("/orders", "b").await.unwrap().1, "{\"number\":4}");
    let records = records(&link, 4).await;
    assert_eq!(at(&records[1], &["faults"]), "[\"duplicate\"]");
    assert_eq!(at(&records[2], &["attempt"]), "3");
}

#[tokio::test]
async fn a_delayed_request_arrives_though_its_caller_left_and_at_once_when_the_fault_ends() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let hour = Kind::Delay { by: Duration::from_secs(3600), jitter: Duration::ZERO };
    let (work, told) = apply(&link, vec![fault(hour, FIRST)]);
    let mut caller = Caller::to(link.address()).await;
    caller.send("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nlate").await;
    soon(async {
        while hits(&told).is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await;
    drop(caller);
    assert_eq!(post(&link, "/orders", "soon").await.unwrap().0, 200);
    assert_eq!(*shop.bodies.lock().unwrap(), ["soon"]);
    drop(work);
    soon(async {
        while shop.done() < 2 {
            tokio::task::yield_now().await
        }
    })
    .await;
    assert_eq!(*shop.bodies.lock().unwrap(), ["soon", "late"]);
}

#[tokio::test]
async fn two_requests_change_places() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let hour = Kind::Reorder { within: Duration::from_secs(3600) };
    let (_work, told) = apply(&link, vec![fault(hour, FIRST)]);
    let first = tokio::spawn({
        let link = link.clone();
        async move { post(&link, "/orders", "first").await.unwrap() }
    });
    soon(async {
        while link.calls().items().unwrap().is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await;
    // It has begun, and is held back a moment later.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(hits(&told).is_empty(), "nothing has overtaken it yet");
    post(&link, "/orders", "second").await.unwrap();
    soon(first).await.unwrap();
    assert_eq!(*shop.bodies.lock().unwrap(), ["second", "first"]);
    assert_eq!(hits(&told), [("POST /orders".to_owned(), 1)]);
}

#[tokio::test]
async fn what_nothing_overtakes_is_not_reordered() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let (_work, told) = apply(&link, vec![fault(Kind::Reorder { within: Duration::from_millis(20) }, FIRST)]);
    assert_eq!(post(&link, "/orders", "alone").await.unwrap().0, 200);
    assert_eq!(post(&link, "/orders", "later").await.unwrap().0, 200);
    assert_eq!(*shop.bodies.lock().unwrap(), ["alone", "later"]);
    assert_eq!(hits(&told), []);
}

#[tokio::test]
async fn the_link_answers_in_place_of_the_service() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let headers = vec![("Retry-After".into(), "1".into())];
    let status = Kind::Status { status: Value::int(503), headers };
    let (work, told) = apply(&link, vec![fault(status, FIRST)]);
    let mut caller = Caller::to(link.address()).await;
    caller.send("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody").await;
    let head = caller.until("\r\n\r\n").await.unwrap();
    assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"), "{head}");
    assert_eq!((shop.done(), hits(&told).len()), (0, 1));
    drop(work);
    // The connection is still good, and nothing of the body is left over.
    assert_eq!(caller.post("/orders", "x").await.unwrap().0, 200);
    assert_eq!(at(&records(&link, 2).await[0], &["response", "headers", "retry-after"]), "\"1\"");
}

#[tokio::test]
async fn only_messages_that_fit_are_counted_and_hit() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let select = Select {
        method: Some("post".into()),
        route: Some("/orders/{id}".into()),
        nth: Some(2),
        ..Select::default()
    };
    let (_work, told) = apply(&link, vec![fault(Kind::LostRequest, select)]);
    for (path, passes) in
        [("/orders", true), ("/orders/1", true), ("/orders", true), ("/orders/2", false), ("/orders/3", true)]
    {
        assert_eq!(post(&link, path, "a").await.is_ok(), passes, "{path}");
    }
    assert_eq!(hits(&told), [("POST /orders/2".to_owned(), 2)]);
}

#[tokio::test]
async fn each_value_of_a_key_has_its_own_count() {
    use crate::value::{Key, Path, Step};

    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    for key in [["headers", "x-order"], ["body", "id"]] {
        let key = Key::One(Path(key.iter().map(|name| Step::Field((*name).into())).collect()));
        let select = Select { first: Some(1), per: Some(key), ..Select::default() };
        let (_work, told) = apply(&link, vec![fault(Kind::LostRequest, select)]);
        for (id, passes) in [("a", false), ("b", false), ("a", true), ("b", true)] {
            let body = format!("{{\"id\":\"{id}\"}}");
            let mut caller = Caller::to(link.address()).await;
            let length = body.len();
            caller.send(format!("POST /orders HTTP/1.1\r\nx-order: {id}\r\ncontent-type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")).await;
            assert_eq!(caller.answer().await.is_ok(), passes, "{id}");
        }
        assert_eq!(hits(&told).len(), 2);
    }
}

#[tokio::test]
async fn a_fault_that_waits_for_the_service_ends_with_its_guard() {
    async fn never(mut caller: Caller) {
        caller.until("\r\n\r\n").await.unwrap();
        std::future::pending().await
    }
    let link = link(raw(never).await, Wire::Http).await;
    let (work, told) = apply(&link, vec![fault(Kind::LostResponse, FIRST)]);
    let mut caller = Caller::to(link.address()).await;
    caller.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    soon(async {
        while hits(&told).is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await;
    drop(work);
    assert_eq!(caller.more().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn the_link_answers_for_a_service_that_is_not_there_and_closes_when_asked_to() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let link = link(gone, Wire::Http).await;
    let status = Kind::Status { status: Value::int(503), headers: Vec::new() };
    let (_work, told) = apply(&link, vec![fault(status, Select::default())]);
    for closes in ["HTTP/1.1\r\nConnection: close", "HTTP/1.0"] {
        let mut caller = Caller::to(link.address()).await;
        caller.send(format!("GET / {closes}\r\nHost: a\r\n\r\n")).await;
        assert_eq!(caller.answer().await.unwrap().0, 503);
        assert_eq!(caller.more().await.unwrap(), 0, "{closes}");
    }
    assert_eq!(hits(&told).len(), 2);
}

#[tokio::test]
async fn links_that_share_a_fault_count_together() {
    let shop = Shop::open().await;
    let (one, two) = (link(shop.address, Wire::Http).await, link(shop.address, Wire::Http).await);
    let lost = fault(Kind::LostRequest, Select { nth: Some(2), ..Select::default() });
    let (_first, told_first) = apply(&one, vec![lost.clone()]);
    let (_second, told_second) = apply(&two, vec![lost]);
    assert!(post(&one, "/orders", "a").await.is_ok());
    assert!(is_reset(&post(&two, "/orders", "a").await));
    assert!(post(&one, "/orders", "a").await.is_ok());
    assert_eq!((hits(&told_first).len(), hits(&told_second)), (0, vec![("POST /orders".to_owned(), 2)]));
}

#[tokio::test]
async fn a_message_too_long_to_be_held_back_is_told_apart() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let (work, _) = apply(&link, vec![fault(Kind::LostResponse, FIRST)]);
    let mut caller = Caller::to(link.address()).await;
    let length = crate::link::HELD + 1;
    caller.send(format!("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")).await;
    let piece = vec![b'x'; 1 << 20];
    while caller.io.write_all(&piece).await.is_ok() {}
    assert_eq!((shop.done(), work.has_overflowed()), (0, true));
}

#[tokio::test]
async fn an_answer_too_long_to_be_held_back_is_told_apart() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let (work, _) = apply(&link, vec![fault(Kind::Duplicate { times: 1 }, FIRST)]);
    let mut caller = Caller::to(link.address()).await;
    caller.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut came = Vec::new();
    let _ = caller.io.read_to_end(&mut came).await;
    assert_eq!((came.len(), work.has_overflowed()), (0, true));
    let records = records(&link, 1).await;
    assert_eq!(at(&records[0], &["error", "kind"]), "\"protocol\"");
    assert_eq!(at(&records[0], &["response", "sent"]), "false");
}

#[tokio::test]
async fn what_is_lost_or_answered_by_the_link_may_have_any_length() {
    for (kind, answers) in
        [(Kind::LostRequest, false), (Kind::Status { status: Value::int(503), headers: Vec::new() }, true)]
    {
        let shop = Shop::open().await;
        let link = link(shop.address, Wire::Http).await;
        let (work, told) = apply(&link, vec![fault(kind, FIRST)]);
        let mut caller = Caller::to(link.address()).await;
        let length = crate::link::HELD + 1;
        caller.send(format!("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")).await;
        let whole = vec![b'x'; length];
        let _ = caller.io.write_all(&whole).await;
        let mut answer = [0; 12];
        let came = caller.io.read_exact(&mut answer).await.is_ok();
        assert_eq!((came, came && answer == *b"HTTP/1.1 503"), (answers, answers));
        assert_eq!((shop.done(), work.has_overflowed(), hits(&told).len()), (0, false, 1));
    }
}
