//! Certificates for servers that speak TLS.

use std::sync::Arc;

use anyhow::Result;

/// A certificate for 127.0.0.1, trusted only by this client.
pub struct Certificate {
    /// The certificate, as PEM.
    pub certificate: String,
    /// Its private key, as PEM.
    pub key: String,
    /// A client configuration that trusts it.
    pub client: Arc<rustls::ClientConfig>,
}

impl Certificate {
    /// Generates a certificate.
    pub fn generate() -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let mut trusted = rustls::RootCertStore::empty();
        trusted.add(made.cert.der().clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(Self {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
            client: Arc::new(client),
        })
    }
}
