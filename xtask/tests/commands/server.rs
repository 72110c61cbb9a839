//! A loopback registry with programmable answers, which records its requests. As a proxy it answers
//! for every host.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::tarball;

/// The server's response.
#[derive(Clone)]
pub enum Answer {
    /// Status and body.
    Status(u16, Vec<u8>),
    /// Announces more bytes than it sends.
    Half(Vec<u8>),
    /// Nothing.
    HangUp,
}

impl Answer {
    pub fn found(body: impl Into<Vec<u8>>) -> Self {
        Self::Status(200, body.into())
    }
}

/// One request: `GET /path`, its headers in lower case, and its body.
#[derive(Clone, Debug)]
pub struct Asked {
    pub line: String,
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

pub struct Server {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_gone: Arc<AtomicBool>,
}

type Handler = dyn Fn(&Asked, usize) -> Answer + Send + Sync;

impl Server {
    /// A server that computes its answers from the path and the number of earlier requests.
    pub fn start(handler: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(move |asked, earlier| {
            handler(asked.line.split_once(' ').map_or("", |(_, path)| path), earlier)
        })
    }

    /// The same, with answers computed from the whole request.
    pub fn with(handler: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, is_gone) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (handler, log): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&asked));
        let has_gone = Arc::clone(&is_gone);
        // Both threads end with the test process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                let is_gone = has_gone.load(Ordering::SeqCst);
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    if is_gone {
                        // With the request unread, the client would see a reset or a closed
                        // connection, whichever is faster.
                        drop(read_request(&mut BufReader::new(stream)));
                    } else {
                        serve(stream, &*handler, &log);
                    }
                });
            }
        });
        Self { port, asked, is_gone }
    }

    /// From now on, drops every connection.
    pub fn go(&self) {
        self.is_gone.store(true, Ordering::SeqCst);
    }

    /// A registry with the toy.
    pub fn with_toy(tarball: impl Into<Vec<u8>>) -> Self {
        let tarball = tarball.into();
        Self::start(move |path, _| match path {
            "/@upstream%2ftoy" => Answer::found(metadata("/toy.tgz")),
            "/toy.tgz" => Answer::found(tarball.clone()),
            _ => Answer::Status(404, Vec::new()),
        })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

/// The metadata of the toy. A tarball URL without a host uses the requested host.
pub fn metadata(tarball: &str) -> String {
    format!(
        r#"{{"name":"@upstream/toy","versions":{{"1.2.3":{{"dist":{{"tarball":"{tarball}","integrity":"{}"}}}}}}}}"#,
        tarball::integrity(&tarball::good())
    )
}

fn serve(mut stream: TcpStream, handler: &Handler, log: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    // A client that gives up half-way does not matter here.
    while let Some(asked) = read_request(&mut reader) {
        let is_tunnel = asked.line.starts_with("CONNECT ");
        let host = asked
            .headers
            .iter()
            .find_map(|header| header.strip_prefix("host: "))
            .unwrap_or("")
            .to_owned();
        let earlier = {
            let mut log = lock(log);
            log.push(asked.clone());
            log.len() - 1
        };
        if is_tunnel {
            let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            continue;
        }
        let (status, body, promised) = match handler(&asked, earlier) {
            Answer::Status(status, body) => (status, body.clone(), body.len()),
            Answer::Half(body) => (200, body[..body.len() / 2].to_vec(), body.len()),
            Answer::HangUp => return,
        };
        let here = format!("\"tarball\":\"http://{host}/");
        let body = match std::str::from_utf8(&body) {
            Ok(text) if text.contains("\"tarball\":\"/") => {
                text.replace("\"tarball\":\"/", &here).into_bytes()
            }
            _ => body,
        };
        let promised = promised.max(body.len());
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-length: {promised}\r\nconnection: close\r\n\r\n"
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        return;
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let line = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers = lines.iter().skip(1).map(|header| {
        let (name, value) = header.split_once(':').unwrap_or((header, ""));
        format!("{}: {}", name.to_lowercase(), value.trim())
    });
    let headers: Vec<String> = headers.collect();
    let length = headers.iter().find_map(|header| header.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { line, headers, body })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
