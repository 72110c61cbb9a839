//! Finds the commit of a release from the provenance published with its tarball.
//!
//! The registry stores a Sigstore bundle beside such a tarball: an SLSA statement signed by the
//! publishing workflow. The signing key was created for this one signature. Its certificate names
//! the workflow's repository and commit. Sigstore signs the certificate after it has asked GitHub.
//!
//! This module verifies four things: the signature of the statement; the certificate chain, up to
//! one that the checkout trusts; that the statement describes this tarball; and that certificate
//! and statement name the same commit of the same repository. It does not verify the entry in
//! Sigstore's public log, nor the time of signing. A certificate is valid for ten minutes; it is
//! checked at its first moment.
//!
//! Sources: <https://github.com/npm/attestation>, <https://slsa.dev/spec/v1.0/provenance>,
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>,
//! <https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md>.

use std::{fs, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Explain;
use rustls_pki_types::{
    CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime, pem::PemObject as _,
};
use semver::Version;
use serde::Deserialize;
use serde_json::Value;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring};
use x509_cert::{
    Certificate,
    der::{Decode as _, asn1::Utf8StringRef, oid::ObjectIdentifier},
};

use super::{Integrity, is_commit, release::purl};

/// The trusted certificates, below the root of the checkout.
pub const ROOTS: &str = "upstream/sigstore.pem";

/// The predicate types of provenance attestations. Others exist, for example the registry's
/// attestation of the publication.
const PREDICATES: [&str; 2] =
    ["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"];

/// The only payload type that npm signs.
const PAYLOAD: &str = "application/vnd.in-toto+json";

/// The signature algorithms of Sigstore and its workflows.
const ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 4] = [
    ring::ECDSA_P256_SHA256,
    ring::ECDSA_P256_SHA384,
    ring::ECDSA_P384_SHA256,
    ring::ECDSA_P384_SHA384,
];

/// The object identifier `id-kp-codeSigning`, 1.3.6.1.5.5.7.3.3.
const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];

/// Certificate extensions of Sigstore: the workflow's repository, and its commit.
const REPOSITORY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.12");
const COMMIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.13");

/// The release that an attestation must describe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'s> {
    pub package: &'s str,
    pub version: &'s Version,
    pub integrity: &'s Integrity,
}

/// The facts that an attestation proves.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Provenance {
    /// The commit of the build.
    pub commit: String,
    /// The time of signing, in seconds since 1970.
    pub signed: Duration,
}

/// The trusted certificate authorities.
#[derive(Debug)]
pub(super) struct Roots(Vec<TrustAnchor<'static>>);

#[derive(Deserialize)]
struct Answer {
    attestations: Vec<Attestation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attestation {
    predicate_type: String,
    bundle: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    verification_material: Material,
    dsse_envelope: Envelope,
}

/// A single certificate, or a chain in the older format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    certificate: Option<Raw>,
    #[serde(rename = "x509CertificateChain")]
    chain: Option<Chain>,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<Raw>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    raw_bytes: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    subject: Vec<StatementSubject>,
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Deserialize)]
struct StatementSubject {
    name: String,
    digest: Digest,
}

/// A digest, under the name that each format has for it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Digest {
    sha512: Option<String>,
    /// A commit, in version 1 of the SLSA format.
    git_commit: Option<String>,
    /// A commit, in version 0.2.
    sha1: Option<String>,
}

/// `buildDefinition` is version 1 of the SLSA format, `invocation` is 0.2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
    build_definition: Option<BuildDefinition>,
    invocation: Option<Invocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    resolved_dependencies: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    config_source: Source,
}

/// A source of a build, `git+https://github.com/withastro/astro@refs/heads/main` and its digest.
#[derive(Deserialize)]
struct Source {
    uri: String,
    digest: Digest,
}

impl Subject<'_> {
    fn release(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }

    fn unreadable(&self, reason: impl ToString) -> ProvenanceError {
        ProvenanceError::AttestationUnreadable {
            release: self.release(),
            reason: reason.to_string(),
        }
    }

    fn forged(&self, reason: impl ToString) -> ProvenanceError {
        ProvenanceError::AttestationForged { release: self.release(), reason: reason.to_string() }
    }
}

impl Roots {
    /// Reads the certificates of the checkout at `root`.
    ///
    /// # Errors
    ///
    /// [`ProvenanceError::RootsUnreadable`].
    pub(super) fn read(root: &Utf8Path) -> Result<Self, ProvenanceError> {
        let unreadable =
            |reason: String| ProvenanceError::RootsUnreadable { path: ROOTS.into(), reason };
        let text = fs::read(root.join(ROOTS)).map_err(|error| unreadable(error.to_string()))?;
        let mut anchors = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            let anchor = anchor_from_trusted_cert(&certificate);
            anchors.push(anchor.map_err(|error| unreadable(error.to_string()))?.to_owned());
        }
        if anchors.is_empty() {
            return Err(unreadable("the file holds no certificate".to_owned()));
        }
        Ok(Self(anchors))
    }
}

/// The provenance among the registry's attestations of a release; `None` if it has only others. It
/// must name `repository`, the address of upstream's repository.
///
/// # Errors
///
/// [`ProvenanceError::AttestationUnreadable`], [`ProvenanceError::AttestationForged`],
/// [`ProvenanceError::AttestationOfOther`] and [`ProvenanceError::AttestationElsewhere`].
pub(super) fn verify(
    answer: &[u8],
    subject: Subject<'_>,
    repository: &str,
    roots: &Roots,
) -> Result<Option<Provenance>, ProvenanceError> {
    let answer: Answer =
        serde_json::from_slice(answer).map_err(|error| subject.unreadable(error))?;
    let mut attestations = answer.attestations.into_iter();
    let found = attestations.find(|one| PREDICATES.contains(&one.predicate_type.as_str()));
    let Some(Attestation { bundle, .. }) = found else { return Ok(None) };
    let bundle: Bundle =
        serde_json::from_value(bundle).map_err(|error| subject.unreadable(error))?;

    let chain = chain(&bundle.verification_material, subject)?;
    let Some((certificate, above)) = chain.split_first() else {
        return Err(subject.unreadable("it holds no certificate"));
    };
    let payload = signed(&bundle.dsse_envelope, certificate, subject)?;
    let claims = Claims::read(certificate, subject)?;
    is_trusted(certificate, above, claims.since, roots)
        .map_err(|error| subject.forged(format!("the certificate is not trusted: {error}")))?;

    let statement: Statement =
        serde_json::from_slice(&payload).map_err(|error| subject.unreadable(error))?;
    if !PREDICATES.contains(&statement.predicate_type.as_str()) {
        let reason = format!("the statement is a `{}`", statement.predicate_type);
        return Err(subject.unreadable(reason));
    }
    is_about(&statement, subject)?;
    if !is_same_repository(&claims.repository, repository) {
        return Err(ProvenanceError::AttestationElsewhere {
            release: subject.release(),
            actual: claims.repository,
            expected: repository.to_owned(),
        });
    }
    let commit = statement.predicate.commit(&claims.repository);
    if commit != Some(&claims.commit) {
        let commit = commit.map_or("none", String::as_str);
        let reason = format!("it names the commit {commit}, its certificate {}", claims.commit);
        return Err(subject.forged(reason));
    }
    if !is_commit(&claims.commit) {
        return Err(subject.unreadable(format!("`{}` is not a commit", claims.commit)));
    }
    Ok(Some(Provenance { commit: claims.commit, signed: claims.since }))
}

/// The certificates of a bundle, the signature's certificate first.
fn chain(
    material: &Material,
    subject: Subject<'_>,
) -> Result<Vec<CertificateDer<'static>>, ProvenanceError> {
    let several = material.chain.iter().flat_map(|chain| &chain.certificates);
    let all = material.certificate.iter().chain(several);
    all.map(|raw| Ok(decoded(&raw.raw_bytes, subject)?.into())).collect()
}

fn decoded(text: &str, subject: Subject<'_>) -> Result<Vec<u8>, ProvenanceError> {
    STANDARD.decode(text).map_err(|error| subject.unreadable(error))
}

/// The statement of an envelope signed with the certificate's key.
fn signed(
    envelope: &Envelope,
    certificate: &CertificateDer<'_>,
    subject: Subject<'_>,
) -> Result<Vec<u8>, ProvenanceError> {
    let Envelope { payload, payload_type, signatures } = envelope;
    if payload_type != PAYLOAD {
        return Err(subject.unreadable(format!("the signed payload is a `{payload_type}`")));
    }
    let payload = decoded(payload, subject)?;
    let key = EndEntityCert::try_from(certificate).map_err(|error| subject.unreadable(error))?;
    // Pre-authentication encoding: the signature covers the type too.
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    let message = [head.as_bytes(), &payload].concat();
    for Signature { sig } in signatures {
        let signature = decoded(sig, subject)?;
        let is_right = |algorithm: &&dyn SignatureVerificationAlgorithm| {
            key.verify_signature(*algorithm, &message, &signature).is_ok()
        };
        if ALGORITHMS.iter().any(is_right) {
            return Ok(payload);
        }
    }
    Err(subject.forged("the signature does not match its certificate and statement"))
}

/// Checks a certificate chain up to a trusted certificate.
fn is_trusted(
    certificate: &CertificateDer<'_>,
    above: &[CertificateDer<'_>],
    since: Duration,
    roots: &Roots,
) -> Result<(), webpki::Error> {
    let usage = KeyUsage::required(CODE_SIGNING);
    let time = UnixTime::since_unix_epoch(since);
    let certificate = EndEntityCert::try_from(certificate)?;
    certificate.verify_for_usage(&ALGORITHMS, &roots.0, above, time, usage, None, None).map(drop)
}

/// Sigstore's claims in a certificate.
struct Claims {
    repository: String,
    commit: String,
    /// The start of its validity, in seconds since 1970.
    since: Duration,
}

impl Claims {
    fn read(
        certificate: &CertificateDer<'_>,
        subject: Subject<'_>,
    ) -> Result<Self, ProvenanceError> {
        let certificate =
            Certificate::from_der(certificate).map_err(|error| subject.unreadable(error))?;
        let certificate = certificate.tbs_certificate();
        let claim = |id: ObjectIdentifier| {
            let mut extensions = certificate.extensions().into_iter().flatten();
            let extension = extensions.find(|extension| extension.extn_id == id)?;
            let text = Utf8StringRef::from_der(extension.extn_value.as_bytes()).ok()?;
            Some(text.as_str().to_owned())
        };
        let missing = || subject.forged("its certificate lacks the repository and commit");
        Ok(Self {
            repository: claim(REPOSITORY).ok_or_else(missing)?,
            commit: claim(COMMIT).ok_or_else(missing)?,
            since: certificate.validity().not_before.to_unix_duration(),
        })
    }
}

/// Checks that a statement describes the tarball of this release.
fn is_about(statement: &Statement, subject: Subject<'_>) -> Result<(), ProvenanceError> {
    let purl = purl(subject.package, &subject.version.to_string());
    let digest = subject.integrity.hex();
    let is_this = |one: &StatementSubject| {
        one.name == purl && one.digest.sha512.as_deref() == Some(digest.as_str())
    };
    if statement.subject.iter().any(is_this) {
        return Ok(());
    }
    let others = statement.subject.iter().map(|one| {
        let digest = one.digest.sha512.as_deref().unwrap_or("none");
        format!("`{}` with the sha512 {digest}", one.name)
    });
    let others: Vec<String> = others.collect();
    Err(ProvenanceError::AttestationOfOther {
        release: subject.release(),
        actual: if others.is_empty() { "nothing".to_owned() } else { others.join(", ") },
        expected: digest,
    })
}

impl Predicate {
    /// The commit of a repository among the build's sources.
    fn commit(&self, repository: &str) -> Option<&String> {
        let sources = self.build_definition.iter().flat_map(|it| &it.resolved_dependencies);
        let mut sources = sources.chain(self.invocation.iter().map(|it| &it.config_source));
        let source = sources.find(|source| is_same_repository(&source.uri, repository))?;
        source.digest.git_commit.as_ref().or(source.digest.sha1.as_ref())
    }
}

/// Whether two addresses name the same repository: `git+https://host/a/b@refs/heads/main` and
/// `https://host/a/b.git` do.
fn is_same_repository(one: &str, other: &str) -> bool {
    fn plain(address: &str) -> String {
        let address = address.strip_prefix("git+").unwrap_or(address);
        let address = address.split_once("@refs/").map_or(address, |(address, _)| address);
        let address = address.trim_end_matches('/').trim_end_matches(".git");
        address.to_lowercase()
    }
    plain(one) == plain(other)
}

/// The provenance of a release cannot be trusted.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 3)]
pub enum ProvenanceError {
    /// An attestation cannot be read
    ///
    /// npm publishes packages with a provenance attestation: a Sigstore bundle in JSON. The
    /// registry has one for this release, but its format is unknown here. It may be a newer format.
    /// Investigate a damaged one.
    #[error("the attestation of `{release}` cannot be read: {reason}")]
    #[explain(
        code = "U038",
        help = "check if `npm audit signatures` accepts it; to pin without it, give the commit: `--commit SHA`"
    )]
    AttestationUnreadable { release: String, reason: String },

    /// An attestation describes another tarball
    ///
    /// The signed statement names the package and the sha512 of its tarball. They differ from the
    /// release to pin. The registry mixes up releases, or serves a tarball that upstream did not
    /// build.
    #[error(
        "the attestation of `{release}` does not describe its tarball with sha512 {expected}: it describes {actual}"
    )]
    #[explain(
        code = "U039",
        help = "don't pin this release before you know the cause: compare `npm view {release} dist` on another registry"
    )]
    AttestationOfOther { release: String, actual: String, expected: String },

    /// An attestation has an invalid signature
    ///
    /// The signature must be made with the key of the attestation's certificate. An authority in
    /// `upstream/sigstore.pem` must have issued the certificate. Both must name the same commit.
    /// Otherwise anyone could have written the attestation.
    #[error("the attestation of `{release}` is not trustworthy: {reason}")]
    #[explain(
        code = "U040",
        help = "don't pin this release before you know the cause: check the result of `npm audit signatures`"
    )]
    AttestationForged { release: String, reason: String },

    /// An attestation names another repository
    ///
    /// The release was not built from upstream's repository in `.gitmodules`. Either a fork was
    /// published in its place, or upstream has moved.
    #[error("`{release}` was built from {actual}, not from {expected}")]
    #[explain(
        code = "U041",
        help = "don't pin this release before you know the cause; if upstream has moved, correct the address in `.gitmodules`"
    )]
    AttestationElsewhere { release: String, actual: String, expected: String },

    /// The trusted certificates or the upstream address cannot be read
    ///
    /// The registry has an attestation of a release. It is checked against the certificates in
    /// `upstream/sigstore.pem` and upstream's address in `.gitmodules`. One of these files cannot
    /// be read.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "U042", help = "run `git checkout -- {path}` at the root of the checkout")]
    RootsUnreadable { path: Utf8PathBuf, reason: String },
}

#[cfg(test)]
mod tests {
    use super::is_same_repository;

    #[test]
    fn all_addresses_of_a_repository_are_equal() {
        let plain = "https://github.com/withastro/astro";
        for address in [
            "https://github.com/withastro/astro.git",
            "https://github.com/withAstro/Astro/",
            "git+https://github.com/withastro/astro@refs/heads/main",
        ] {
            assert!(is_same_repository(address, plain), "{address}");
        }
        for address in [
            "https://github.com/withastro/astro-fork",
            "https://example.com/withastro/astro",
            "https://github.com/withastro/astro.git@evil",
        ] {
            assert!(!is_same_repository(address, plain), "{address}");
        }
    }
}
