//! Shared helpers of the engine tests: one patch file, one module, one result.

use diagnostics::{Report, Source};
use semantic_patch::{Language, PatchError, PatchFile, check_ids, rewrite};

/// Applies a patch file to a module. The file name `name` decides its language.
pub fn apply(name: &str, code: &str, patch: &str) -> Result<String, Vec<PatchError>> {
    let file = PatchFile::read("module", "patches/module.toml", patch)?;
    check_ids(std::slice::from_ref(&file))?;
    let language = Language::of(name);
    let edits = if language == Language::Declaration { &file.declares } else { &file.edits };
    let edits: Vec<_> = edits.iter().collect();
    rewrite(&Source::new(name, code), language, &edits).map(|rewritten| rewritten.text)
}

/// The result of one edit that rewrites `pattern`, or the error codes.
pub fn replace(
    name: &str,
    code: &str,
    pattern: &str,
    rewrite: &str,
) -> Result<String, Vec<&'static str>> {
    let patch = format!(
        "[[edit]]\nid = 'edit'\nwhy = 'test'\nglobals = ['F']\npattern = '''{pattern}'''\nrewrite = '''{rewrite}'''\n"
    );
    apply(name, code, &patch).map_err(|errors| codes(&errors))
}

/// Whether a pattern matches exactly once.
pub fn matches(code: &str, pattern: &str) -> bool {
    replace("module.ts", code, pattern, "F()").is_ok_and(|text| text != code)
}

/// The codes of a list of errors.
pub fn codes(errors: &[PatchError]) -> Vec<&'static str> {
    use diagnostics::Explain as _;
    errors.iter().map(PatchError::code).collect()
}

/// All errors as shown to the user, without colour.
pub fn render(errors: Vec<PatchError>) -> String {
    errors.into_iter().map(|error| Report::from(error).render(false)).collect()
}
