//! The location of our own modules in a package.

/// Their folder, with the same layout as `templates/`.
pub const OUR_MODULES: &str = "dist/websocket";

/// The path of a vendored package's module, relative to our own modules.
pub fn vendored_module(package: &str) -> String {
    format!("vendor/{}.js", package.trim_start_matches('@').replace('/', "-"))
}

/// The path of a vendored package's module in our package.
pub fn vendored_path(package: &str) -> String {
    format!("{OUR_MODULES}/{}", vendored_module(package))
}
