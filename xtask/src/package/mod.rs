//! The npm package: its manifest, our modules, its version, its build record, its bill of
//! materials, and its tarball.

pub mod additions;
mod error;
mod layout;
pub mod manifest;
pub mod modules;
pub mod readme;
pub mod record;
pub mod sbom;
pub mod stamp;
pub mod tarball;
pub mod templates;
pub mod vendor;

pub use error::PackageError;
