//! Where a release was built, by the provenance that its tarball was published with.
//!
//! The registry keeps a Sigstore bundle beside such a tarball: a statement in the format of SLSA, signed
//! by the workflow that published. The key was made for this one signature. Its certificate says which
//! repository and which commit the workflow ran on, and is signed by Sigstore, which asked GitHub.
//!
//! Verified are: the signature over the statement; the certificate, up to one that the checkout trusts;
//! that the statement is about this tarball; and that certificate and statement name the same commit of
//! the same repository. Not verified is the entry in Sigstore's public log, and with it the time of
//! signing: a certificate is valid for ten minutes, and is taken as of its first.
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

/// The certificates that are trusted, below the root of the checkout.
pub const ROOTS: &str = "upstream/sigstore.pem";

/// What attestations of provenance say of themselves. There are others, for example that of the registry
/// about the publication.
const PREDICATES: [&str; 2] =
    ["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"];

/// The one type of statement that npm signs.
const PAYLOAD: &str = "application/vnd.in-toto+json";

/// What Sigstore and its workflows sign with.
const ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 4] = [
    ring::ECDSA_P256_SHA256,
    ring::ECDSA_P256_SHA384,
    ring::ECDSA_P384_SHA256,
    ring::ECDSA_P384_SHA384,
];

/// The object identifier `id-kp-codeSigning`, 1.3.6.1.5.5.7.3.3.
const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];

/// Extensions of a certificate of Sigstore's: the repository that the workflow ran on, and its commit.
const REPOSITORY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.12");
const COMMIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.13");

/// The release that an attestation has to be of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'s> {
    pub package: &'s str,
    pub version: &'s Version,
    pub integrity: &'s Integrity,
}

/// What an attestation proves.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Provenance {
    /// The commit that the release was built from.
    pub commit: String,
    /// When it was signed, in seconds since 1970.
    pub signed: Duration,
}

/// The certificates of authorities that are trusted.
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

/// A certificate alone, or with those above it in the older form.
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

/// A digest under each of the names that the formats have for it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Digest {
    sha512: Option<String>,
    /// Of a commit, in version 1 of SLSA's format.
    git_commit: Option<String>,
    /// Of a commit, in version 0.2.
    sha1: Option<String>,
}

/// `buildDefinition` is version 1 of SLSA's format, `invocation` is 0.2.
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

/// What a build was made of, `git+https://github.com/withastro/astro@refs/heads/main` and its digest.
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
    /// Reads those of the checkout at `root`.
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
            return Err(unreadable("it holds no certificate".to_owned()));
        }
        Ok(Self(anchors))
    }
}

/// The provenance among the attestations that the registry has of a release; `None` where it has others
/// only. It has to be of `repository`, the address of upstream's repository.
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

/// The certificates of a bundle, that of the signature first.
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

/// The statement of an envelope, whose signature was made with the key of the certificate.
fn signed(
    envelope: &Envelope,
    certificate: &CertificateDer<'_>,
    subject: Subject<'_>,
) -> Result<Vec<u8>, ProvenanceError> {
    let Envelope { payload, payload_type, signatures } = envelope;
    if payload_type != PAYLOAD {
        return Err(subject.unreadable(format!("what is signed is a `{payload_type}`")));
    }
    let payload = decoded(payload, subject)?;
    let key = EndEntityCert::try_from(certificate).map_err(|error| subject.unreadable(error))?;
    // Pre-authentication encoding: the type is signed too.
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
    Err(subject.forged("the signature is not one of its certificate over its statement"))
}

/// Checks a certificate up to one that is trusted.
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

/// What Sigstore says by a certificate.
struct Claims {
    repository: String,
    commit: String,
    /// The first moment for which it is valid, in seconds since 1970.
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
        let missing = || subject.forged("its certificate names no repository and commit");
        Ok(Self {
            repository: claim(REPOSITORY).ok_or_else(missing)?,
            commit: claim(COMMIT).ok_or_else(missing)?,
            since: certificate.validity().not_before.to_unix_duration(),
        })
    }
}

/// Checks that a statement is about the tarball of this release.
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
    /// The commit of a repository that a build was made of.
    fn commit(&self, repository: &str) -> Option<&String> {
        let sources = self.build_definition.iter().flat_map(|it| &it.resolved_dependencies);
        let mut sources = sources.chain(self.invocation.iter().map(|it| &it.config_source));
        let source = sources.find(|source| is_same_repository(&source.uri, repository))?;
        source.digest.git_commit.as_ref().or(source.digest.sha1.as_ref())
    }
}

/// Whether two addresses are of the same repository: `git+https://host/a/b@refs/heads/main` and
/// `https://host/a/b.git` are.
fn is_same_repository(one: &str, other: &str) -> bool {
    fn plain(address: &str) -> String {
        let address = address.strip_prefix("git+").unwrap_or(address);
        let address = address.split_once("@refs/").map_or(address, |(address, _)| address);
        let address = address.trim_end_matches('/').trim_end_matches(".git");
        address.to_lowercase()
    }
    plain(one) == plain(other)
}

/// The provenance of a release cannot be relied on.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 3)]
pub enum ProvenanceError {
    /// An attestation cannot be read
    ///
    /// npm publishes packages with an attestation of their provenance: a Sigstore bundle in JSON. The
    /// registry has one of this release, and it is not in a format that is known here. A newer format is
    /// possible; a damaged one has to be looked into.
    #[error("the attestation of `{release}` cannot be read: {reason}")]
    #[explain(
        code = "U038",
        help = "see whether `npm audit signatures` accepts it; to pin without it, name the commit: `--commit SHA`"
    )]
    AttestationUnreadable { release: String, reason: String },

    /// An attestation is of another tarball
    ///
    /// The statement that was signed names the package and the sha512 of its tarball. Those are not the
    /// release that is to be pinned: the registry mixes up releases, or serves a tarball that upstream
    /// did not build.
    #[error(
        "the attestation of `{release}` is not about its tarball, whose sha512 is {expected}: it is about {actual}"
    )]
    #[explain(
        code = "U039",
        help = "don't pin this release before it is known why: compare `npm view {release} dist` on another registry"
    )]
    AttestationOfOther { release: String, actual: String, expected: String },

    /// An attestation is not signed as it has to be
    ///
    /// The signature has to be made with the key of the certificate in the attestation, the certificate
    /// has to be issued by an authority in `upstream/sigstore.pem`, and both have to name the same
    /// commit. Otherwise anybody could have written the attestation.
    #[error("the attestation of `{release}` proves nothing: {reason}")]
    #[explain(
        code = "U040",
        help = "don't pin this release before it is known why: see what `npm audit signatures` says of it"
    )]
    AttestationForged { release: String, reason: String },

    /// An attestation is of another repository
    ///
    /// The release was built from a repository that is not upstream's, which `.gitmodules` names: a fork
    /// that was published in its place, or upstream has moved.
    #[error("`{release}` was built from {actual}, and not from {expected}")]
    #[explain(
        code = "U041",
        help = "don't pin this release before it is known why; if upstream has moved, correct the address in `.gitmodules`"
    )]
    AttestationElsewhere { release: String, actual: String, expected: String },

    /// Whom to believe is not known
    ///
    /// The registry has an attestation of a release. It is held against the certificates in
    /// `upstream/sigstore.pem` and the address of upstream's repository in `.gitmodules`, and one of them
    /// cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "U042", help = "run `git checkout -- {path}` at the root of the checkout")]
    RootsUnreadable { path: Utf8PathBuf, reason: String },
}

#[cfg(test)]
mod tests {
    use super::is_same_repository;

    #[test]
    fn a_repository_is_the_same_by_any_of_its_addresses() {
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
