//! Promise 6: who may join, and for how long.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use super::{connect, ensure_says, member, page, publish, room, say, work};
use crate::cases;
use crate::client::Request;
use crate::realtime::client::Join;
use crate::realtime::identity::ENDPOINT;
use crate::realtime::protocol::PROTOCOL;
use crate::realtime::{Client, Identity};
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: authorisation" => [
        a_function_decides_for_each_user,
        visitors_join_only_where_they_may,
        a_refused_and_a_nonexistent_channel_answer_alike,
        a_join_that_fails_may_be_tried_again,
        authorize_can_say_why_it_refuses,
        authenticate_can_refuse_the_handshake,
        a_token_reaches_authenticate_and_never_comes_back,
        a_malformed_token_is_refused,
        a_page_of_another_site_is_refused,
        an_invalid_user_is_refused,
        a_disconnected_user_leaves_and_others_stay,
        an_expired_user_is_closed_with_4401,
    ],
};

fn a_function_decides_for_each_user(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-private")?;
    let hers = ada.join(&Join::of("private", "owner", "ada-private"))?;
    say(&mut ada, &hers, "mine")?;
    let error = ada.join_refused(&Join::of("private", "owner", "bob-private"))?;
    ensure!(error.retry_after.is_none(), "{error:?}");
    // A position is no key.
    let position = ada.position(&hers)?;
    let mut bob = connect(site, "bob-private")?;
    bob.join_refused(&Join::of("private", "owner", "ada-private").since(&position))?;
    bob.join(&Join::of("private", "owner", "bob-private"))?;
    Ok(())
}

fn visitors_join_only_where_they_may(site: &Site) -> Result<()> {
    let refused = [
        room("visitors"),
        Join::of("private", "owner", "undefined"),
        Join::of("guests", "id", "closed"),
    ];
    for join in refused {
        connect(site, "")?.join_refused(&join)?;
    }
    let mut visitor = connect(site, "")?;
    let guest = visitor.join(&Join::of("guests", "id", "open"))?;
    ensure!(*visitor.ask(&guest, "who", json!(null))?.json() == "a visitor");
    let open = visitor.join(&Join::new("open"))?;
    ensure!(*visitor.ask(&open, "who", json!(null))?.json() == "a visitor");
    let (mut ada, hers) = member(site, "ada-guest", &Join::of("guests", "id", "closed"))?;
    ensure!(*ada.ask(&hers, "who", json!(null))?.json() == "ada-guest");
    Ok(())
}

fn a_refused_and_a_nonexistent_channel_answer_alike(site: &Site) -> Result<()> {
    let refused =
        connect(site, "eve-0")?.join_refused(&Join::of("private", "owner", "ada-alike"))?;
    let others = [
        Join::new("nowhere"),
        Join::new(""),
        Join::new("private"),
        Join::new("rooms"),
        Join::new("__proto__"),
        Join::new("constructor"),
        Join::new("_middleware"),
        Join::new("../rooms"),
        Join::new("rooms/[room]"),
        Join::of("rooms", "name", "lobby"),
        Join::of("rooms", "__proto__", "lobby"),
        Join::of("rooms", "room", "lobby").param("other", "x"),
        Join::of("rooms", "room", ""),
        Join::of("rooms", "room", &"x".repeat(257)),
        Join::of("rooms", "room", &"x".repeat(10_000)),
        Join::of("open", "room", "lobby"),
    ];
    for (number, join) in others.iter().enumerate() {
        // Refused joins count ten towards the limit of a connection.
        let error = connect(site, &format!("eve-{number}"))?.join_refused(join)?;
        ensure!(error == refused, "{join:?}: {error:?}, not {refused:?}");
    }
    Ok(())
}

fn a_join_that_fails_may_be_tried_again(site: &Site) -> Result<()> {
    let failing = Join::of("private", "owner", "failing");
    let error = connect(site, "ada-failing")?.join_refused(&failing)?;
    ensure!(error.code == "INTERNAL_SERVER_ERROR", "{error:?}");
    ensure!(error.retry_after == Some(10_000), "{error:?}");
    // What the site's error says is not for clients.
    ensure!(!error.message.contains("database"), "{error:?}");
    let response = site.server.reject(&plain("failing"))?;
    ensure!(response.status == 503, "{response}");
    ensure!(response.headers.get("retry-after") == Some("10"), "{response}");
    Ok(())
}

fn authorize_can_say_why_it_refuses(site: &Site) -> Result<()> {
    let forbidding = Join::of("private", "owner", "forbidding");
    let error = connect(site, "ada-forbidden")?.join_refused(&forbidding)?;
    ensure!(error.code == "FORBIDDEN" && error.message == "Your plan has ended.", "{error:?}");
    ensure!(error.retry_after.is_none(), "{error:?}");
    let response = site.server.reject(&plain("forbidding"))?;
    ensure!(response.status == 403, "{response}");
    ensure!(response.text().trim_end() == error.message, "{response}");
    Ok(())
}

/// The handshake of a plain client to a channel `private`.
fn plain(owner: &str) -> Request {
    Request::upgrade(&format!("{ENDPOINT}/private/{owner}")).header("X-User", "ada-plain")
}

fn authenticate_can_refuse_the_handshake(site: &Site) -> Result<()> {
    let banned = Identity::of("banned").first_handshake(&site.server);
    let response = site.server.reject(&banned)?;
    ensure!(response.status == 403 && response.text() == "You are banned.", "{response}");
    Ok(())
}

/// `createClient({ auth })` of a browser, which cannot send headers.
fn with_token(encoded: &str) -> Identity {
    let offered = format!("{PROTOCOL}, zastro-auth.{encoded}");
    Identity::by_header("Sec-WebSocket-Protocol", &offered)
}

fn a_token_reaches_authenticate_and_never_comes_back(site: &Site) -> Result<()> {
    const TOKEN: &str = "ada-token/+?";
    // In base64, it has both characters that the URL-safe alphabet replaces.
    let encoded = BASE64_URL_SAFE_NO_PAD.encode(TOKEN);
    let mut ada = Client::connect_with(&site.server, with_token(&encoded))?;
    ensure!(ada.headers().get("sec-websocket-protocol") == Some(PROTOCOL));
    let told = format!("{:?}", ada.headers());
    ensure!(!told.contains(TOKEN) && !told.contains(&encoded), "{told}");
    let open = ada.join(&Join::new("open"))?;
    ensure!(*ada.ask(&open, "who", json!(null))?.json() == TOKEN);

    let banned = BASE64_URL_SAFE_NO_PAD.encode("banned");
    let refused = site.server.fetch(&with_token(&banned).first_handshake(&site.server))?;
    ensure!(refused.status == 403 && !format!("{refused}").contains(&banned), "{refused}");
    let printed = site.server.to_string();
    for secret in [TOKEN, &encoded, &banned] {
        ensure!(!printed.contains(secret), "the server has printed `{secret}`:\n{printed}");
    }
    Ok(())
}

fn a_malformed_token_is_refused(site: &Site) -> Result<()> {
    // Empty, not in the alphabet, a line break, and a character that is not ASCII.
    for encoded in ["", "a.b", "YQpi", "xb4"] {
        let handshake = with_token(encoded).first_handshake(&site.server);
        let refused = site.server.fetch(&handshake)?;
        ensure!(refused.status == 400, "{encoded}: {refused}");
    }
    Ok(())
}

/// The browser sends the user's cookies with a handshake of any page.
fn a_page_of_another_site_is_refused(site: &Site) -> Result<()> {
    let from = |origin: &str| {
        Identity::of("ada-origin").header("Origin", origin).first_handshake(&site.server)
    };
    let response = site.server.reject(&from("https://other.example"))?;
    ensure!(response.status == 403, "{response}");
    site.server.open(&from("https://allowed.example"))?;
    site.server.open(&from(&site.server.origin()))?;
    Ok(())
}

fn an_invalid_user_is_refused(site: &Site) -> Result<()> {
    let invalid = [
        json!({}),
        json!({ "id": 1 }),
        json!({ "id": "" }),
        json!({ "id": "x".repeat(129) }),
        json!({ "id": "large", "name": "x".repeat(5000) }),
        json!("ada"),
        json!(["ada"]),
    ];
    for user in invalid {
        let response = site.server.reject(&as_user(&user).first_handshake(&site.server))?;
        ensure!(response.status >= 400, "{user}: {response}");
    }
    // The longest valid id.
    let user = json!({ "id": "x".repeat(128) });
    site.server.open(&as_user(&user).first_handshake(&site.server))?;
    Ok(())
}

fn as_user(user: &Value) -> Identity {
    Identity::by_header("X-User-JSON", &user.to_string())
}

fn a_disconnected_user_leaves_and_others_stay(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-ended", &room("ended"))?;
    let elsewhere = ada.join(&work("ended"))?;
    let (mut second, also_hers) = member(site, "ada-ended", &room("ended"))?;
    let (mut bob, his) = member(site, "bob-ended", &room("ended"))?;
    page(site, "disconnect", &json!({ "room": "ended", "user": "ada-ended" }))?;
    for (client, joined) in [(&mut ada, &hers), (&mut second, &also_hers)] {
        let error = client.left(joined)?;
        ensure!(error.is_some_and(|error| !error.code.is_empty()), "she was not told why");
    }
    publish(site, "publish", "ended", "goes on")?;
    ensure_says(&[bob.event(&his)?], &["goes on"])?;
    ada.ping()?;
    let heard = ada.unread().count();
    ensure!(heard == 0, "{heard} frames after the end: {:?}", ada.unread().collect::<Vec<_>>());
    // Other channels of the user are not concerned.
    ada.ask(&elsewhere, "count", json!(null))?;
    Ok(())
}

fn an_expired_user_is_closed_with_4401(site: &Site) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let user = json!({ "id": "ada-expires", "expires": now + 1500 });
    let mut ada = Client::connect_with(&site.server, as_user(&user))?;
    ada.join(&room("expires"))?;
    let (code, reason) = ada.closed()?;
    ensure!(code == 4401, "{code} {reason}");
    Ok(())
}
