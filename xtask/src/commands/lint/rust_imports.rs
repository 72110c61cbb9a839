//! Finds the paths that lead out of a Rust module.
//!
//! A path leads out of a module only by `crate::` or `super::`, so tokens are enough. `proc-macro2`
//! reads comments, strings and lifetimes as the compiler does. A syntax tree would need all of
//! `syn`, and would not look into macros.

use std::{ops::Range, str::FromStr as _};

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree};

/// A path from the root of the crate, for example `upstream::git::holds`.
#[derive(Debug, PartialEq, Eq)]
pub struct RustImport {
    pub path: Vec<String>,
    /// The span of the path, without `crate::` or `super::`.
    pub span: Range<usize>,
}

/// The paths that a module uses by `crate::` and `super::`. `module` is its own path.
///
/// # Errors
///
/// A text that is not valid Rust tokens.
pub fn rust_imports(text: &str, module: &[String]) -> Result<Vec<RustImport>, LexError> {
    let mut imports = Vec::new();
    find(TokenStream::from_str(text)?, module, &mut imports);
    Ok(imports)
}

fn find(tokens: TokenStream, module: &[String], imports: &mut Vec<RustImport>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = tokens.as_slice();
    while let [first, following @ ..] = rest {
        rest = following;
        match (first, following) {
            // In an inline module, `super` is the enclosing module.
            (
                TokenTree::Ident(keyword),
                [TokenTree::Ident(name), TokenTree::Group(body), after @ ..],
            ) if keyword == "mod" && body.delimiter() == Delimiter::Brace => {
                let inner: Vec<String> = module.iter().cloned().chain([name.to_string()]).collect();
                find(body.stream(), &inner, imports);
                rest = after;
            }
            (TokenTree::Ident(start), following) if leads_out(start) && is_path(following) => {
                let mut path = module.to_vec();
                if start == "crate" {
                    path.clear();
                } else {
                    path.pop();
                }
                rest = read(&following[2..], path, imports);
            }
            (TokenTree::Group(group), _) => find(group.stream(), module, imports),
            _ => {}
        }
    }
}

fn leads_out(ident: &proc_macro2::Ident) -> bool {
    ident == "crate" || ident == "super"
}

/// Whether `::` follows.
fn is_path(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(first), TokenTree::Punct(second), ..]
        if first.as_char() == ':' && second.as_char() == ':')
}

/// Reads the rest of a path or `use` tree. Leaves the tokens after it.
fn read<'t>(
    mut tokens: &'t [TokenTree],
    mut path: Vec<String>,
    imports: &mut Vec<RustImport>,
) -> &'t [TokenTree] {
    let mut span: Option<Range<usize>> = None;
    while let [first, following @ ..] = tokens {
        match first {
            TokenTree::Ident(name) => {
                match name.to_string().trim_start_matches("r#") {
                    "super" => drop(path.pop()),
                    "self" => {}
                    name => path.push(name.to_owned()),
                }
                let here = name.span().byte_range();
                span = Some(span.map_or(here.start, |span| span.start)..here.end);
                tokens = following;
                if !is_path(tokens) {
                    break;
                }
                tokens = &tokens[2..];
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
                for part in inner.split(is_comma).filter(|part| !part.is_empty()) {
                    read(part, path.clone(), imports);
                }
                return following;
            }
            // `*`, or type arguments.
            _ => break,
        }
    }
    let here = tokens.first().map_or(0..0, |token| token.span().byte_range());
    imports.push(RustImport { path, span: span.unwrap_or(here) });
    tokens
}

#[cfg(test)]
mod tests {
    use super::rust_imports;

    fn paths(text: &str) -> Vec<String> {
        let module = ["commands".to_owned(), "build".to_owned()];
        let imports = rust_imports(text, &module).unwrap();
        imports.iter().map(|import| import.path.join("::")).collect()
    }

    #[test]
    fn use_trees_are_expanded() {
        assert_eq!(
            paths("use crate::{a::{self, B}, c, d::*};\npub use super::e::{F as G, super::h};"),
            ["a", "a::B", "c", "d", "commands::e::F", "commands::h"]
        );
    }

    #[test]
    fn paths_in_code_types_and_macros_are_found() {
        assert_eq!(
            paths("fn f(a: &crate::a::A) { println!(\"{}\", super::b()); crate::c::<u8>(); }"),
            ["a::A", "commands::b", "c"]
        );
    }

    #[test]
    fn paths_inside_the_module_are_ignored() {
        let text =
            "// crate::a\n/// super::b\npub(crate) fn f() { self::g(); \"crate::c\"; std::d(); }";
        assert_eq!(paths(text), [""; 0]);
    }

    #[test]
    fn super_in_an_inline_module_is_the_enclosing_module() {
        assert_eq!(
            paths("mod tests { use super::f; use super::super::g; }"),
            ["commands::build::f", "commands::g"]
        );
    }

    #[test]
    fn a_path_has_the_span_of_its_text() {
        let text = "use crate::{ä, b::c};";
        let imports = rust_imports(text, &[]).unwrap();
        assert_eq!(&text[imports[1].span.clone()], "b::c");
    }
}
