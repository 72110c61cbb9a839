//! HTTP GET with npm's trust store, proxies and credentials.

use std::{env, fs, thread, time::Duration};

use ureq::{
    Agent, Proxy,
    config::RedirectAuthHeaders,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{Npmrc, UpstreamError, archive::LIMIT_BYTES};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// From the request to the first byte of the response.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// For the whole body.
const BODY_TIMEOUT: Duration = Duration::from_secs(300);
/// The delays before the second and third attempt.
const RETRY_WAITS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// An HTTP client with npm's configuration.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) npmrc: Npmrc,
    agent: Agent,
}

/// The reason for a missing body.
#[derive(Debug)]
pub(super) enum FetchError {
    /// No response, or a truncated one.
    NoAnswer(String),
    /// A response with a status other than success.
    Status(u16),
    /// More than [`LIMIT_BYTES`].
    TooLarge,
    /// A proxy with an invalid URL.
    Configuration(UpstreamError),
}

impl Client {
    /// # Errors
    ///
    /// [`UpstreamError::Configuration`] if the certificates cannot be read.
    pub(super) fn new(npmrc: Npmrc) -> Result<Self, UpstreamError> {
        let tls = TlsConfig::builder()
            .root_certs(root_certificates(&npmrc)?)
            .disable_verification(npmrc.get("strict-ssl") == Some("false"))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            // Set per request: npm has one proxy per scheme, and exceptions.
            .proxy(None)
            .http_status_as_error(false)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_recv_body(Some(BODY_TIMEOUT))
            .build()
            .new_agent();
        Ok(Self { npmrc, agent })
    }

    /// The body at `url`. Makes up to three attempts if the server does not respond, fails (status
    /// 5xx), or has no time (408, 425, 429: it limits the rate, for example of a sweep).
    pub(super) fn get(&self, url: &str, accept: &str) -> Result<Vec<u8>, FetchError> {
        let mut result = self.try_once(url, accept);
        for wait in RETRY_WAITS {
            match result {
                Err(FetchError::NoAnswer(_) | FetchError::Status(408 | 425 | 429 | 500..)) => {
                    thread::sleep(wait);
                    result = self.try_once(url, accept);
                }
                _ => break,
            }
        }
        result
    }

    fn try_once(&self, url: &str, accept: &str) -> Result<Vec<u8>, FetchError> {
        let no_answer = |error: ureq::Error| match error {
            ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge,
            error => FetchError::NoAnswer(error.to_string()),
        };
        let proxy = self.proxy(url).map_err(FetchError::Configuration)?;
        let mut request =
            self.agent.get(url).config().proxy(proxy).build().header("accept", accept);
        if let Some(authorization) = self.npmrc.authorization(url) {
            request = request.header("authorization", authorization);
        }
        let mut response = request.call().map_err(no_answer)?;
        let status = response.status();
        if !status.is_success() {
            return Err(FetchError::Status(status.as_u16()));
        }
        response.body_mut().with_config().limit(LIMIT_BYTES as u64).read_to_vec().map_err(no_answer)
    }

    /// npm's settings `https-proxy` and `proxy` first, then the usual environment variables.
    fn proxy(&self, url: &str) -> Result<Option<Proxy>, UpstreamError> {
        let exceptions =
            self.npmrc.get("noproxy").map(str::to_owned).or_else(|| variable("no_proxy"));
        if exceptions.is_some_and(|exceptions| is_exception(&exceptions, host(url))) {
            return Ok(None);
        }
        let setting = |key: &'static str| Some((key, self.npmrc.get(key)?.to_owned()));
        let environment = |key: &'static str| Some((key, variable(key)?));
        let secure = || setting("https-proxy").or_else(|| environment("https_proxy"));
        let found = if url.starts_with("https:") { secure() } else { None }
            .or_else(|| setting("proxy"))
            .or_else(|| environment("http_proxy"))
            .or_else(|| environment("all_proxy"));
        match found {
            // npm reads `false` as no proxy.
            None => Ok(None),
            Some((_, value)) if value == "false" => Ok(None),
            Some((key, value)) => Proxy::new(&value).map(Some).map_err(|error| {
                UpstreamError::Configuration { key: key.to_owned(), reason: error.to_string() }
            }),
        }
    }
}

/// The certificates in `cafile` or `ca`, which replace the system's, as in npm. The system's trust
/// store honours `SSL_CERT_FILE`.
fn root_certificates(npmrc: &Npmrc) -> Result<RootCerts, UpstreamError> {
    let unusable =
        |key: &str, reason: String| UpstreamError::Configuration { key: key.to_owned(), reason };
    let (key, text) = if let Some(path) = npmrc.path("cafile") {
        let text =
            fs::read(&path).map_err(|error| unusable("cafile", format!("{path}: {error}")))?;
        ("cafile", text)
    } else if let Some(text) = npmrc.get("ca") {
        ("ca", text.as_bytes().to_vec())
    } else {
        return Ok(RootCerts::PlatformVerifier);
    };
    let items = parse_pem(&text).collect::<Result<Vec<PemItem<'static>>, ureq::Error>>();
    let items = items.map_err(|error| unusable(key, error.to_string()))?;
    let certificates: Vec<Certificate<'static>> = items
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(unusable(key, "the file holds no certificate".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// An environment variable in lower or upper case.
fn variable(name: &str) -> Option<String> {
    let value = env::var(name).or_else(|_| env::var(name.to_uppercase())).ok()?;
    (!value.is_empty()).then_some(value)
}

/// Host and port of a URL, including any credentials.
pub(super) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// The host of a URL, without credentials and port.
fn host(url: &str) -> &str {
    let authority = authority(url);
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or(authority),
    }
}

/// An entry matches its own name and all subdomains, with or without a leading dot.
fn is_exception(list: &str, host: &str) -> bool {
    list.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty()).any(|name| {
        let name = name.strip_prefix('*').unwrap_or(name);
        let name = name.strip_prefix('.').unwrap_or(name);
        name.is_empty()
            || host.strip_suffix(name).is_some_and(|above| above.is_empty() || above.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::{host, is_exception};

    #[test]
    fn exceptions_match_a_name_and_its_subdomains() {
        assert!(is_exception("localhost, example.org", "example.org"));
        assert!(is_exception(".example.org", "npm.example.org"));
        assert!(is_exception("*.example.org", "npm.example.org"));
        assert!(is_exception("*", "anything"));
        assert!(!is_exception("example.org", "badexample.org"));
        assert!(!is_exception("", "example.org"));
    }

    #[test]
    fn the_host_has_no_credentials_and_no_port() {
        assert_eq!(host("http://user:pass@host:8080/path"), "host");
        assert_eq!(host("https://host"), "host");
        assert_eq!(host("http://[::1]:80/"), "::1");
    }
}
