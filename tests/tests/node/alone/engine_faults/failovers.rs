//! Engines of several servers, of which one takes the place of another.

use anyhow::{Result, ensure};
use tests::engine::Product;
use tests::engine::cluster::Cluster;
use tests::engine::nats_cluster::NatsCluster;
use tests::engine::replicas::Replicas;
use tests::engine::sentinels::{PRIMARY, Sentinels};
use tests::patience::within;
use tests::realtime::Client;

use super::super::cases;
use super::{Case, FOUND, Member, members, room, say_at_last};
use crate::hosts::Sites;

pub const CASES: &[Case] = cases![
    writes_that_a_failover_has_lost_are_told_as_a_gap,
    a_failover_by_sentinels_loses_nothing_that_the_replica_had,
    a_failover_in_a_redis_cluster_loses_nothing_that_the_replica_had,
    a_cluster_of_nats_loses_nothing_when_its_leader_is_killed,
];

/// Clients are ahead of the promoted replica, which gives the positions of lost messages to others.
fn writes_that_a_failover_has_lost_are_told_as_a_gap(sites: &Sites) -> Result<()> {
    let servers = Replicas::start(Product::Valkey)?;
    let processes = sites.three_on(&servers.primary, "failover")?;
    let mut all = members(&processes, "failover")?;
    servers.catch_up()?;
    servers.separate()?;
    all[1].say("lost")?;
    all.iter_mut().try_for_each(|member| member.hears(&["lost"]))?;
    let lost = all[0].client.position(&all[0].joined)?;
    for process in &processes {
        process.line.aim_at(&[servers.replica.address()])?;
    }
    servers.fail_over()?;
    say_at_last(&mut all[2], "instead")?;
    for member in &mut all {
        let reason = member.client.gap(&member.joined)?;
        ensure!(reason == "restarted", "{reason}");
    }
    let epoch = |position: &str| position.split('.').next().map(str::to_owned);
    say_at_last(&mut all[0], "after")?;
    let now = within(FOUND, || {
        let heard = all[0].client.event(&all[0].joined)?;
        ensure!(heard.data.json()["text"] == "after", "{heard:?}");
        Ok(heard.position)
    })?;
    ensure!(epoch(&now) == epoch(&lost), "the epoch of {lost} has changed: {now}");
    Ok(())
}

fn a_failover_by_sentinels_loses_nothing_that_the_replica_had(sites: &Sites) -> Result<()> {
    let sentinels = Sentinels::start(Product::Valkey)?;
    let addresses: Vec<String> =
        sentinels.addresses().iter().map(|address| address.to_string()).collect();
    let variables = [
        ("REDIS_URL", String::new()),
        ("REDIS_SENTINELS", addresses.join(",")),
        ("REDIS_SENTINEL_MASTER", PRIMARY.to_owned()),
    ];
    let processes = sites.three_with(&sentinels.servers[0], "sentinels", &variables)?;
    let mut all = members(&processes, "sentinels")?;
    sentinels.catch_up()?;
    sentinels.fail_over()?;
    say_at_last(&mut all[1], "after")?;
    all.iter_mut().try_for_each(|member| member.hears_within(FOUND, &["after"]))
}

fn a_failover_in_a_redis_cluster_loses_nothing_that_the_replica_had(sites: &Sites) -> Result<()> {
    let cluster = Cluster::start_with_replicas(Product::Valkey)?;
    let addresses: Vec<String> =
        cluster.addresses().iter().map(|address| address.to_string()).collect();
    let variables = [("REDIS_URL", String::new()), ("REDIS_CLUSTER", addresses.join(","))];
    let processes = sites.three_with(&cluster.servers[0], "redis-cluster", &variables)?;
    let mut all = members(&processes, "redis-cluster")?;
    // The server with the channel.
    cluster.fail_over("*:c:*")?;
    say_at_last(&mut all[1], "after")?;
    all.iter_mut().try_for_each(|member| member.hears_within(FOUND, &["after"]))
}

/// The servers that are left have all messages and sessions, so that nothing is told as a gap.
fn a_cluster_of_nats_loses_nothing_when_its_leader_is_killed(sites: &Sites) -> Result<()> {
    let cluster = NatsCluster::start()?;
    let processes = sites.three_on(&cluster.servers[0], "nats-cluster")?;
    for process in &processes {
        process.line.aim_at(&cluster.addresses())?;
    }
    let [mut ada, mut bob, mut cy] = members(&processes, "nats-cluster")?;
    let session = Client::connect(&processes[0].server(), "di")?.reset()?;
    for stream in ["_log", "_state"] {
        let leader = within(FOUND, || cluster.leader_of(stream))?;
        leader.kill()?;
        say_at_last(&mut bob, stream)?;
        for member in [&mut ada, &mut bob, &mut cy] {
            member.hears_within(FOUND, &[stream])?;
        }
        leader.restart()?;
    }
    let again = within(FOUND, || Client::resume(&processes[1].server(), "di", &session))?;
    ensure!(again.welcome.is_resumed, "{:?}", again.welcome);
    // Who comes later reads the same.
    let mut eve = within(FOUND, || {
        Member::join(&processes[2].server(), "eve", &room("nats-cluster").last(10))
    })?;
    eve.hears(&["before", "_log", "_state"])
}
