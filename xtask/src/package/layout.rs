//! Where our own modules are in a package.

/// Their folder, which is laid out as `templates/` is.
pub const OUR_MODULES: &str = "dist/websocket";

/// Where the module of a vendored package is, among our own modules.
pub fn vendored_module(package: &str) -> String {
    format!("vendor/{}.js", package.trim_start_matches('@').replace('/', "-"))
}

/// Where the module of a vendored package is in ours.
pub fn vendored_path(package: &str) -> String {
    format!("{OUR_MODULES}/{}", vendored_module(package))
}
