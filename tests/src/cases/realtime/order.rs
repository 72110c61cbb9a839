//! Promise 1: all members of a channel get its kept messages in one order.

use std::thread;

use anyhow::{Result, anyhow, ensure};
use serde_json::json;

use super::{connect, ensure_says, member, page, publish, room, say};
use crate::cases;
use crate::realtime::client::Join;
use crate::realtime::protocol::Event;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: one order for all members" => [
        two_members_get_kept_messages_in_one_order,
        an_event_names_its_sender,
        channels_with_other_parameters_are_others,
        channels_of_one_connection_do_not_mix,
    ],
};

fn two_members_get_kept_messages_in_one_order(site: &Site) -> Result<()> {
    const EACH: usize = 10;
    let (mut ada, hers) = member(site, "ada-order", &room("order"))?;
    let (mut bob, his) = member(site, "bob-order", &room("order"))?;
    thread::scope(|scope| -> Result<()> {
        let pages = scope.spawn(|| -> Result<()> {
            (0..EACH).try_for_each(|number| {
                publish(site, "publish", "order", &format!("page {number}")).map(drop)
            })
        });
        for number in 0..EACH {
            ada.send(&hers, "say", json!({ "text": format!("ada {number}") }))?;
            bob.send(&his, "say", json!({ "text": format!("bob {number}") }))?;
        }
        pages.join().map_err(|_| anyhow!("the publisher panicked"))?
    })?;
    let seen = ada.events(&hers, 3 * EACH)?;
    let also: Vec<Event> = bob
        .events(&his, 3 * EACH)?
        .into_iter()
        .map(|event| Event { channel: hers.channel, ..event })
        .collect();
    ensure!(seen == also, "{seen:#?}\nand {also:#?}");
    // Each sender's messages stand in the order in which they were sent.
    for sender in ["ada", "bob", "page"] {
        let own: Vec<Event> =
            seen.iter().filter(|event| super::text(event).starts_with(sender)).cloned().collect();
        let expected: Vec<String> = (0..EACH).map(|number| format!("{sender} {number}")).collect();
        ensure_says(&own, &expected.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    let history = page(site, "history", &json!({ "room": "order", "last": 100 }))?;
    let kept: Vec<&str> = history["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|message| message["position"].as_str())
        .collect();
    let positions: Vec<&str> = seen.iter().map(|event| event.position.as_str()).collect();
    ensure!(kept == positions, "{kept:?}, not {positions:?}");
    Ok(())
}

fn an_event_names_its_sender(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-sender", &room("sender"))?;
    let (mut bob, his) = member(site, "bob-sender", &room("sender"))?;
    say(&mut ada, &hers, "one")?;
    say(&mut bob, &his, "two")?;
    publish(site, "publish", "sender", "three")?;
    let events = ada.events(&hers, 3)?;
    let [one, two, three] = events.as_slice() else { unreachable!("three were asked for") };
    ensure!(one.from.is_some() && two.from.is_some() && one.from != two.from, "{events:#?}");
    ensure!(three.from.is_none(), "{three:?}");
    ensure!(one.at <= two.at && two.at <= three.at && one.at > 1_700_000_000_000, "{events:#?}");
    ensure!(one.name == "said" && one.data.json()["by"] == "ada-sender", "{one:?}");
    Ok(())
}

fn channels_with_other_parameters_are_others(site: &Site) -> Result<()> {
    let join = |team: &str, room: &str| Join::of("teams/rooms", "team", team).param("room", room);
    let (mut red, in_red) = member(site, "ada-teams", &join("red", "lobby"))?;
    let (mut blue, in_blue) = member(site, "bob-teams", &join("blue", "lobby"))?;
    say(&mut red, &in_red, "for red")?;
    say(&mut blue, &in_blue, "for blue")?;
    let (of_red, of_blue) = (red.event(&in_red)?, blue.event(&in_blue)?);
    ensure!(
        super::text(&of_red) == "for red" && of_red.data.json()["by"] == "red lobby",
        "{of_red:?}"
    );
    ensure!(super::text(&of_blue) == "for blue", "{of_blue:?}");
    // Values are not joined into a path before they are compared.
    let (mut odd, in_odd) = member(site, "cy-teams", &join("red/lobby", "x"))?;
    let (mut other, in_other) = member(site, "di-teams", &join("red", "lobby/x"))?;
    say(&mut odd, &in_odd, "odd")?;
    say(&mut other, &in_other, "other")?;
    ensure_says(&[odd.event(&in_odd)?], &["odd"])?;
    ensure_says(&[other.event(&in_other)?], &["other"])
}

fn channels_of_one_connection_do_not_mix(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-mix")?;
    let one = ada.join(&room("mix one"))?;
    let two = ada.join(&room("mix two"))?;
    ensure!(one.channel != two.channel, "{one:?} {two:?}");
    say(&mut ada, &one, "first")?;
    say(&mut ada, &two, "second")?;
    ensure_says(&[ada.event(&two)?], &["second"])?;
    ensure_says(&[ada.event(&one)?], &["first"])?;
    ada.leave(&one)?;
    publish(site, "publish", "mix one", "unheard")?;
    publish(site, "publish", "mix two", "heard")?;
    ensure_says(&[ada.event(&two)?], &["heard"])?;
    let rest = ada.unread().count();
    ensure!(rest == 0, "{rest} frames are left");
    Ok(())
}
