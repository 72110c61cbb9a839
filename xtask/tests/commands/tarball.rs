//! Tarballs as in a registry, valid and invalid.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha512};
use tar::{Builder, EntryType, Header};

pub const MANIFEST: &str = r#"{
  "name": "@upstream/toy",
  "description": "A toy",
  "version": "1.2.3",
  "type": "module",
  "license": "MIT",
  "repository": { "type": "git", "url": "git+https://example.invalid/astro.git" },
  "keywords": ["astro-adapter"],
  "exports": { ".": "./dist/index.js" },
  "dependencies": { "@upstream/helpers": "0.10.4" },
  "peerDependencies": { "astro": "^7.2.1" }
}
"#;

pub const MODULE: &str =
    "function createToy() {\n  return \"toy\";\n}\nexport {\n  createToy as default\n};\n";

pub const DECLARATION: &str = "export default function createToy(): string;\n";

/// The toy as published.
pub fn good() -> Vec<u8> {
    with_files(&[])
}

/// The toy with additional or replaced files.
pub fn with_files(files: &[(&str, &[u8])]) -> Vec<u8> {
    let own: [(&str, &[u8]); 4] = [
        ("package/package.json", MANIFEST.as_bytes()),
        ("package/dist/index.js", MODULE.as_bytes()),
        ("package/dist/index.d.ts", DECLARATION.as_bytes()),
        ("package/LICENSE", b"MIT License\n\nCopyright (c) Upstream\n"),
    ];
    let kept = own.iter().filter(|(path, _)| files.iter().all(|(other, _)| other != path));
    of(&kept.chain(files).copied().collect::<Vec<_>>())
}

/// A package with these files.
pub fn of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<_> =
        files.iter().map(|(path, bytes)| (*path, EntryType::Regular, *bytes)).collect();
    gzip(&archive(&entries))
}

/// The toy with an entry that is not allowed.
pub fn with_entry(path: &str, kind: EntryType) -> Vec<u8> {
    gzip(&archive(&[
        ("package/package.json", EntryType::Regular, MANIFEST.as_bytes()),
        (path, kind, b""),
    ]))
}

/// The integrity of a tarball, in the format of the pins.
pub fn integrity(tarball: &[u8]) -> String {
    format!("sha512-{}", STANDARD.encode(Sha512::digest(tarball)))
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes paths unchecked: `append_data` would reject the bad ones.
fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, kind, bytes) in entries {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}
