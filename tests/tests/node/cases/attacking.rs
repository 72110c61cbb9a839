//! Input that no well-behaved client sends. The attacked connection may break, but the server keeps
//! running, and other connections are unaffected.

use anyhow::{Context, Result, ensure};
use tests::cases;
use tests::client::{Connection, Frame, Request};
use tests::site::Site;

use super::Case;

pub const CASES: &[Case] = cases![
    survives_bytes_at_random,
    survives_frames_at_random,
    takes_a_message_of_very_many_fragments,
    closes_with_1009_before_a_message_that_is_too_large_has_come,
    closes_with_1002_or_1007_after_an_invalid_close_frame,
    closes_in_the_middle_of_a_message,
    takes_nothing_behind_a_closing_frame,
    keeps_few_of_the_answers_to_a_flood_of_pings,
    takes_a_flood_of_pongs,
    takes_a_second_handshake_for_a_frame,
    upgrades_a_connection_that_was_kept_alive,
    upgrades_a_client_that_expects_100_continue,
    upgrades_an_absolute_request_target,
    ignores_the_upgrade_of_a_request_with_a_body,
    ignores_the_upgrade_of_an_http_1_0_request,
    refuses_a_handshake_without_a_host,
    refuses_a_header_that_is_folded,
    refuses_a_flood_of_headers,
    rejects_connect_requests,
];

/// The same random numbers in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let count = self.below(most);
        (0..count).map(|_| self.below(256).to_le_bytes()[0]).collect()
    }
}

/// Routes that use their input in different ways.
const ROUTES: [&str; 5] =
    ["/echo", "/piped", "/faulty", "/closing?journal=attacked", "/lifecycle?journal=attacked"];

const ATTACKERS: usize = 60;

fn survives_bytes_at_random(site: &Site) -> Result<()> {
    let mut numbers = Numbers(1);
    attack(site, |_| numbers.bytes(400))
}

fn survives_frames_at_random(site: &Site) -> Result<()> {
    let mut numbers = Numbers(2);
    attack(site, |_| {
        let mut bytes = Vec::new();
        for _ in 0..numbers.below(12) {
            let opcode = [0, 1, 2, 3, 8, 9, 10, 15][numbers.below(8)];
            let most = if numbers.below(5) == 0 { 70_000 } else { 130 };
            let payload = numbers.bytes(most);
            let frame = Frame::new(opcode, payload);
            let frame = if numbers.below(3) == 0 { frame.unfinished() } else { frame };
            let mut frame = frame.to_bytes();
            match numbers.below(12) {
                // A reserved bit, a missing mask, and a truncated frame.
                0 => frame[0] |= 0x40,
                1 => frame[1] &= 0x7f,
                2 => frame.truncate(frame.len() / 2),
                _ => {}
            }
            bytes.extend(frame);
        }
        bytes
    })
}

/// Each attacker sends different bytes, after its handshake or along with it. It leaves by a close
/// or a reset.
fn attack(site: &Site, mut make: impl FnMut(usize) -> Vec<u8>) -> Result<()> {
    for number in 0..ATTACKERS {
        let mut connection = site.server.connection()?;
        let request = Request::upgrade(ROUTES[number % ROUTES.len()]);
        let mut bytes = request.to_bytes(&site.server.address().to_string());
        let attack = make(number);
        if number % 3 == 0 {
            bytes.extend(attack);
            connection.write(&bytes)?;
        } else {
            connection.write(&bytes)?;
            ensure!(connection.response("GET")?.status == 101);
            // The first bytes may already have closed the connection.
            let _ = connection.write(&attack);
        }
        if number % 2 == 0 { connection.reset()? } else { connection.finish().unwrap_or_default() }
    }
    site.check_echo()
}

fn takes_a_message_of_very_many_fragments(site: &Site) -> Result<()> {
    let mut frames = Frame::text("beginning ").unfinished().to_bytes();
    frames.extend(Frame::continuation("").unfinished().to_bytes().repeat(100_000));
    frames.extend(Frame::continuation("x").unfinished().to_bytes().repeat(50_000));
    frames.extend(Frame::continuation(" end").to_bytes());
    frames.extend(Frame::close(1000_u16.to_be_bytes()).to_bytes());
    let text = format!("beginning {} end", "x".repeat(50_000));
    let mut answer = Frame::text(text).to_bytes_of_server();
    answer.extend(closing(1000));
    answers(site, &frames, &answer)
}

fn closes_with_1009_before_a_message_that_is_too_large_has_come(site: &Site) -> Result<()> {
    let head = Frame::binary(vec![0; 2 * 1024 * 1024]).to_bytes();
    answers(site, &head[..14], &closing(1009))
}

/// RFC 6455, sections 5.5.1, 7.4.1 and 7.4.2.
fn closes_with_1002_or_1007_after_an_invalid_close_frame(site: &Site) -> Result<()> {
    for (payload, code) in [
        (vec![3], 1002),
        (1005_u16.to_be_bytes().to_vec(), 1002),
        (999_u16.to_be_bytes().to_vec(), 1002),
        ([1000_u16.to_be_bytes().as_slice(), &[0xff]].concat(), 1007),
        (vec![b'.'; 126], 1002),
    ] {
        let frame = Frame::close(payload.clone()).to_bytes();
        answers(site, &frame, &closing(code)).with_context(|| format!("{payload:?}"))?;
    }
    Ok(())
}

fn closes_in_the_middle_of_a_message(site: &Site) -> Result<()> {
    let mut frames = Frame::text("never to be finished").unfinished().to_bytes();
    frames.extend(Frame::close(1000_u16.to_be_bytes()).to_bytes());
    answers(site, &frames, &closing(1000))
}

fn takes_nothing_behind_a_closing_frame(site: &Site) -> Result<()> {
    let mut frames = Frame::close(1000_u16.to_be_bytes()).to_bytes();
    frames.extend(Frame::text("too late").to_bytes().repeat(1000));
    frames.extend(Frame::ping("too late").to_bytes().repeat(1000));
    answers(site, &frames, &closing(1000))
}

/// Each ping wants an answer, and this client reads none until it has sent all.
fn keeps_few_of_the_answers_to_a_flood_of_pings(site: &Site) -> Result<()> {
    const PINGS: usize = 200_000;
    const HELD_BY_THE_SYSTEM: usize = 12 * 1024 * 1024;
    let ping = Frame::ping(vec![b'.'; 125]);
    let mut frames = ping.to_bytes().repeat(PINGS);
    frames.extend(Frame::new(0x1, "after all pings").to_bytes());
    let mut connection = opened(site, "/working?type=message&journal=pings")?;
    connection.write(&frames)?;
    // What the server takes while this client reads, it may answer.
    let taken = site.journal("pings", "done")?;
    ensure!(taken == "done", "the server has not taken all pings: {taken}");
    connection.write(&Frame::close(1000_u16.to_be_bytes()).to_bytes())?;
    let kept = connection.rest()?.len();
    let all = ping.to_bytes_of_server().len() * PINGS;
    ensure!(kept < HELD_BY_THE_SYSTEM, "{kept} of {all} bytes were kept");
    site.check_echo()
}

fn takes_a_flood_of_pongs(site: &Site) -> Result<()> {
    let mut frames = Frame::new(0xA, "unasked").to_bytes().repeat(100_000);
    frames.extend(Frame::close(1000_u16.to_be_bytes()).to_bytes());
    answers(site, &frames, &closing(1000))
}

fn takes_a_second_handshake_for_a_frame(site: &Site) -> Result<()> {
    let second = Request::upgrade("/echo").to_bytes(&site.server.address().to_string());
    answers(site, &second, &closing(1002))
}

/// The server's output for these frames until it closes the connection.
fn answers(site: &Site, frames: &[u8], expected: &[u8]) -> Result<()> {
    let mut connection = opened(site, "/echo")?;
    // The server may close before it has read all frames.
    let _ = connection.write(frames);
    let answer = connection.rest()?;
    ensure!(answer == expected, "{answer:?}, not {expected:?}");
    site.check_echo()
}

fn opened(site: &Site, target: &str) -> Result<Connection> {
    let mut connection = site.server.connection()?;
    connection.write(&Request::upgrade(target).to_bytes(&site.server.address().to_string()))?;
    ensure!(connection.response("GET")?.status == 101);
    Ok(connection)
}

/// The server's close frame with this code.
fn closing(code: u16) -> Vec<u8> {
    Frame::close(code.to_be_bytes()).to_bytes_of_server()
}

fn upgrades_a_connection_that_was_kept_alive(site: &Site) -> Result<()> {
    let host = site.server.address().to_string();
    let mut connection = site.server.connection()?;
    connection.write(&Request::post("/both", "a body").to_bytes(&host))?;
    ensure!(connection.response("POST")?.status == 201);
    connection.write(&Request::get("/both").to_bytes(&host))?;
    ensure!(connection.response("GET")?.status == 200);
    connection.write(&Request::upgrade("/echo").to_bytes(&host))?;
    let mut socket = connection.accepted()?;
    socket.send("at last")?;
    ensure!(socket.text()? == "at last");
    Ok(())
}

fn upgrades_a_client_that_expects_100_continue(site: &Site) -> Result<()> {
    site.server.open(&Request::upgrade("/echo").header("Expect", "100-continue"))?;
    Ok(())
}

/// RFC 6455, section 4.1, the second requirement.
fn upgrades_an_absolute_request_target(site: &Site) -> Result<()> {
    let target = format!("{}/wild/whole/address", site.server.origin());
    let mut socket = site.server.open(&Request::upgrade(&target))?;
    ensure!(socket.text()? == "path: whole/address");
    Ok(())
}

/// The server would mistake the body for frames.
fn ignores_the_upgrade_of_a_request_with_a_body(site: &Site) -> Result<()> {
    let request = Request::upgrade("/both").header("Transfer-Encoding", "chunked");
    let mut bytes = request.to_bytes(&site.server.address().to_string());
    bytes.extend(b"5\r\nhello\r\n0\r\n\r\n");
    let mut connection = site.server.connection()?;
    connection.write(&bytes)?;
    let response = connection.response("GET")?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    Ok(())
}

/// RFC 9110, section 7.8: the server must ignore the header in such a request.
fn ignores_the_upgrade_of_an_http_1_0_request(site: &Site) -> Result<()> {
    let request = Request::upgrade("/both").to_bytes(&site.server.address().to_string());
    let request = String::from_utf8(request)?.replace("HTTP/1.1", "HTTP/1.0");
    let mut connection = site.server.connection()?;
    connection.write(request.as_bytes())?;
    let response = connection.response("GET")?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    Ok(())
}

/// Like any other request without one (RFC 9112, section 3.2).
fn refuses_a_handshake_without_a_host(site: &Site) -> Result<()> {
    let host = format!("Host: {}\r\n", site.server.address());
    let request = Request::upgrade("/both").to_bytes(&site.server.address().to_string());
    let mut connection = site.server.connection()?;
    connection.write(String::from_utf8(request)?.replace(&host, "").as_bytes())?;
    let response = connection.response("GET")?;
    ensure!(response.status == 400, "{response}");
    Ok(())
}

/// RFC 9112, section 5.2.
fn refuses_a_header_that_is_folded(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/echo").header("X-Folded", "a\r\n b"))?;
    ensure!(response.status == 400, "{response}");
    Ok(())
}

fn refuses_a_flood_of_headers(site: &Site) -> Result<()> {
    // Hardly more than servers take: what they have not read when they close makes the kernel reset the
    // connection, and their answer can be lost.
    let flood = "a".repeat(17 * 1024);
    let response = site.server.reject(&Request::upgrade("/echo").header("X-Flood", &flood))?;
    ensure!(response.status == 431, "{response}");
    Ok(())
}

fn rejects_connect_requests(site: &Site) -> Result<()> {
    let mut connection = site.server.connection()?;
    connection.write(b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")?;
    let answer = connection.rest()?;
    ensure!(answer.is_empty(), "{answer:?}");
    site.check_echo()
}
