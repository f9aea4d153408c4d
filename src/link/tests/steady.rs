//! The same seed hits the same messages, however they come.

use super::*;

/// Sixty orders, eight at a time, of which a share is lost; which of them, by their keys.
async fn lost(seed: u64, at_once: usize) -> Vec<(String, u64)> {
    use crate::value::{Key, Path, Step};

    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let per = Key::One(Path(vec![Step::Field("headers".into()), Step::Field("x-order".into())]));
    let select = Select { share: Some(300_000), per: Some(per), ..Select::default() };
    let mut fault = fault(Kind::LostRequest, select);
    fault.key = DrawKey::new(seed);
    let (_work, told) = apply(&link, vec![fault]);
    let orders: Vec<u32> = (0..60).collect();
    let mut lost = Vec::new();
    for turn in orders.chunks(at_once) {
        let mut asked = tokio::task::JoinSet::new();
        for order in turn.iter().copied() {
            let address = link.address();
            asked.spawn(async move {
                let mut caller = Caller::to(address).await;
                caller
                    .send(format!(
                        "POST /orders/{order} HTTP/1.1\r\nx-order: {order}\r\nContent-Length: 0\r\n\r\n"
                    ))
                    .await;
                caller.answer().await.is_err().then_some(order)
            });
        }
        lost.extend(soon(asked.join_all()).await.into_iter().flatten());
    }
    lost.sort_unstable();
    let mut told = hits(&told);
    told.sort_unstable();
    let names: Vec<String> = lost.iter().map(|order| format!("POST /orders/{order}")).collect();
    let mut named: Vec<String> = told.iter().map(|(message, _)| message.clone()).collect();
    named.sort_by_key(|name| name.rsplit('/').next().and_then(|order| order.parse::<u32>().ok()));
    assert_eq!(named, names, "what was told is what was lost");
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_runs_lose_the_same_requests() {
    let first = lost(1, 1).await;
    assert!((8..30).contains(&first.len()), "{}", first.len());
    for run in 0..100 {
        assert_eq!(lost(1, if run % 2 == 0 { 8 } else { 20 }).await, first, "run {run}");
    }
    assert_ne!(lost(2, 8).await, first);
}
