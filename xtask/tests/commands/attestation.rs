//! Provenance attestations as in a registry, signed by a test authority.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, SigningKey as _, date_time_ymd,
};
use serde_json::{Value, json};

use crate::tarball;

/// Upstream's repository in a certificate.
pub const REPOSITORY: &str = "https://github.com/upstream/toys";

/// The authority that issues the signing certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub pem: String,
}

/// A statement about a release, and its signer.
#[derive(Clone)]
pub struct Attestation {
    /// The package URL.
    subject: String,
    /// In hexadecimal digits.
    sha512: String,
    /// The commit in the statement.
    pub repository: String,
    pub commit: String,
    /// The commit in the certificate.
    pub certified_repository: String,
    pub certified_commit: String,
    pub usage: ExtendedKeyUsagePurpose,
    /// The day of signing, in September 2026.
    pub day: u8,
    /// Version 0.2 of the SLSA format, with the certificate in the older place.
    pub is_old: bool,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2026, 1, 1);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The registry's answer for a release with this attestation.
    pub fn answer(&self, attestation: &Attestation) -> Value {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2026, 9, attestation.day);
        params.not_after = date_time_ymd(2026, 9, attestation.day + 1);
        params.extended_key_usages = vec![attestation.usage.clone()];
        params.custom_extensions = vec![
            extension(12, &attestation.certified_repository),
            extension(13, &attestation.certified_commit),
        ];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let certificate = json!({ "rawBytes": STANDARD.encode(certificate.der()) });
        let material = if attestation.is_old {
            json!({ "x509CertificateChain": { "certificates": [certificate] } })
        } else {
            json!({ "certificate": certificate })
        };
        let payload = attestation.statement().to_string();
        let kind = "application/vnd.in-toto+json";
        let message = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        let signature = STANDARD.encode(key.sign(message.as_bytes()).unwrap());
        json!({ "attestations": [
            publication(),
            {
                "predicateType": attestation.predicate_type(),
                "bundle": {
                    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                    "verificationMaterial": material,
                    "dsseEnvelope": {
                        "payload": STANDARD.encode(payload),
                        "payloadType": kind,
                        "signatures": [{ "sig": signature, "keyid": "" }],
                    },
                },
            },
        ] })
    }
}

/// The registry's own attestation, which names no commit.
pub fn publication() -> Value {
    let kind = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";
    json!({ "predicateType": kind, "bundle": { "dsseEnvelope": {} } })
}

impl Attestation {
    /// A valid attestation of a tarball.
    pub fn of(package: &str, version: &str, tarball: &[u8], commit: &str) -> Self {
        let sha512 = tarball::integrity(tarball);
        let sha512 = STANDARD.decode(sha512.trim_start_matches("sha512-")).unwrap();
        Self {
            subject: format!("pkg:npm/{}@{version}", package.replacen('@', "%40", 1)),
            sha512: sha512.iter().map(|byte| format!("{byte:02x}")).collect(),
            repository: REPOSITORY.to_owned(),
            commit: commit.to_owned(),
            certified_repository: REPOSITORY.to_owned(),
            certified_commit: commit.to_owned(),
            usage: ExtendedKeyUsagePurpose::CodeSigning,
            day: 24,
            is_old: false,
        }
    }

    fn predicate_type(&self) -> &'static str {
        match self.is_old {
            false => "https://slsa.dev/provenance/v1",
            true => "https://slsa.dev/provenance/v0.2",
        }
    }

    fn statement(&self) -> Value {
        let uri = format!("git+{}@refs/heads/main", self.repository);
        let predicate = if self.is_old {
            json!({ "invocation": { "configSource": { "uri": uri, "digest": { "sha1": self.commit } } } })
        } else {
            let digest = json!({ "gitCommit": self.commit });
            json!({ "buildDefinition": {
                "externalParameters": { "workflow": { "repository": self.repository } },
                "resolvedDependencies": [{ "uri": uri, "digest": digest }],
            } })
        };
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": self.subject, "digest": { "sha512": self.sha512 } }],
            "predicateType": self.predicate_type(),
            "predicate": predicate,
        })
    }
}

/// A Sigstore extension: a text of fewer than 128 bytes, in DER.
fn extension(number: u64, text: &str) -> CustomExtension {
    let id = [1, 3, 6, 1, 4, 1, 57264, 1, number];
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 128);
    CustomExtension::from_oid_content(&id, [&[0x0c, length], text.as_bytes()].concat())
}
