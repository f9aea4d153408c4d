//! Logins, permissions, TLS; and that no secret is shown.

use super::*;
use crate::protocol::broker::test_server::{kind_of, messages, over};

const USERS: &str = r#"
authorization {
  users = [
    { user: shop, password: "geheim-und-lang" }
    { user: reader, password: "nur-zum-lesen-da", permissions: { publish: "_INBOX.>", subscribe: ["orders.>", "_INBOX.>"] } }
    { nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4 }
  ]
}
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn who_may_not_log_in_is_refused_and_no_password_is_shown() {
    let (_server, world) = server(USERS).await;
    let good = json(r#"{"user":"shop","password":"geheim-und-lang"}"#);
    world.done("publish", "a", None, good).await;
    for options in
        ["{}", r#"{"user":"shop","password":"falsch-und-lang"}"#, r#"{"token":"kein-solches-token"}"#]
    {
        let reply = world.ask("publish", "a", None, json(options)).await;
        let (kind, message) = kind_of(&reply.record);
        assert!(
            kind == "permission" && message.contains("refuses this login"),
            "{options}: {kind}: {message}"
        );
        let shown = format!("{:?} {:?}", reply.record, reply.exchange);
        assert!(!shown.contains("falsch-und-lang") && !shown.contains("kein-solches"), "{shown}");
    }
    // The server is up, whoever may log in.
    crate::protocol::Protocol::healthy(&world.protocol, &world.endpoint).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_password_in_the_address_is_masked_everywhere() {
    let (server, _) = server(USERS).await;
    let world = World::new(Nats::new(), &server.url.replace("//", "//shop:geheim-und-lang@"));
    let reply = world.ask("publish", "a", Some(Value::text("geheim-und-lang")), none()).await;
    assert!(reply.succeeded, "{:?}", reply.record);
    assert!(!format!("{:?}", reply.exchange).contains("geheim"), "{:?}", reply.exchange);
    let wrong = World::new(Nats::new(), &server.url.replace("//", "//shop:falsch-und-lang@"));
    let reply = wrong.ask("publish", "a", None, none()).await;
    assert!(!format!("{:?} {:?}", reply.record, reply.exchange).contains("falsch"), "{:?}", reply.exchange);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_permission_that_is_missing_is_that_of_its_own_request() {
    let (_server, world) = server(USERS).await;
    let login = r#"{"user":"reader","password":"nur-zum-lesen-da"}"#;
    let orders = world.open("orders.>", json(login)).await;
    let (kind, message) = world.fails("publish", "orders.created", None, json(login)).await;
    assert!(kind == "permission" && message.contains("orders.created"), "{kind}: {message}");
    assert_eq!(world.fails("request", "orders.get", None, json(login)).await.0, "permission");
    assert_eq!(world.fails("open", "secret.>", None, json(login)).await.0, "permission");
    // The connection is still good, and so is the other subscription.
    world.done("publish", "_INBOX.x", None, json(login)).await;
    world
        .done("publish", "orders.created", None, json(r#"{"user":"shop","password":"geheim-und-lang"}"#))
        .await;
    assert_eq!(messages(&orders, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_seed_logs_in_and_is_never_shown() {
    // The example pair of the documentation of NATS.
    let (_server, world) = server(USERS).await;
    let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
    let reply =
        world.ask("publish", "a", Some(Value::text(seed)), json(&format!(r#"{{"nkey":"{seed}"}}"#))).await;
    assert!(reply.succeeded, "{:?}", reply.record);
    assert!(!format!("{:?}", reply.exchange).contains(seed));
    let other = "SUAMLK2ZNL35WSMW37E7UD4VZ7ELPKW7DHC3BWBSD2GCZ7IUQQXZIORRBU";
    let reply = world.ask("publish", "a", None, json(&format!(r#"{{"nkey":"{other}"}}"#))).await;
    assert!(!reply.succeeded && !format!("{:?} {:?}", reply.record, reply.exchange).contains(other));
    assert_eq!(kind_of(&reply.record).0, "permission");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn over_tls_only_a_server_that_is_trusted_is_spoken_to() {
    let dir = tempfile::tempdir().unwrap();
    let made =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let cert = Server::write(dir.path(), "cert.pem", &made.cert.pem());
    let key = Server::write(dir.path(), "key.pem", &made.signing_key.serialize_pem());
    let (_server, world) = server(&format!("tls {{ cert_file: {cert:?}, key_file: {key:?} }}")).await;
    let trusted = json(&format!(r#"{{"tls":{{"ca":{cert:?}}}}}"#));
    let feed = world.open("a", trusted.clone()).await;
    world.done("publish", "a", None, trusted).await;
    assert_eq!(messages(&feed, 1).await.len(), 1);
    // The server wants TLS, so that it is spoken without being asked for; but nobody knows it.
    let (kind, message) = world.fails("publish", "a", None, none()).await;
    assert!(kind == "tls", "{kind}: {message}");
    world.done("publish", "a", None, json(r#"{"tls":{"insecure":true}}"#)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_scenario_that_ends_ends_its_subscriptions() {
    let (_server, world) = server("").await;
    let feed = world.open("a", none()).await;
    world.session.cancel.cancel();
    assert_eq!(over(&feed).await.0, "cancelled");
    assert_eq!(world.fails("publish", "a", None, none()).await.0, "cancelled");
}
