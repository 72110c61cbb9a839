//! The code of a module that its edits depend on: what a reviewer has to read again when it moves.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use crate::{
    Source,
    error::PatchError,
    parse::{self, Language},
    patch_file::Edit,
    place,
    tree::{Node, Value},
};

/// The whole of the outermost place that an edit looks in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The text, as it stands in the module.
    pub text: String,
    /// What the text means to a match: the same for two texts that differ in layout, comments,
    /// quotes or types only.
    pub structure: String,
}

/// The code that edits depend on, by the names of its places as `in` writes them; `module` for the
/// edits that look in all of it. A place that the module does not have is left out.
///
/// # Errors
/// P018 if the module does not parse.
pub fn watch(
    source: &Arc<Source>,
    language: Language,
    edits: &[&Edit],
) -> Result<BTreeMap<String, Watched>, PatchError> {
    if edits.is_empty() {
        return Ok(BTreeMap::new());
    }
    let tree = parse::parse(&source.text, language)
        .map_err(|problem| PatchError::unreadable(source, problem))?;
    let places = edits.iter().filter_map(|edit| {
        let outermost = edit.steps.get(..1).unwrap_or_default();
        let node = place::resolve(&tree, outermost).ok()?;
        let name = outermost.first().map_or_else(|| "module".to_owned(), place::Step::written);
        let mut structure = String::new();
        write(&mut structure, node);
        Some((name, Watched { text: source.text[node.span.clone()].to_owned(), structure }))
    });
    Ok(places.collect())
}

/// `Kind(field=…;)`, without any position.
fn write(out: &mut String, node: &Node) {
    out.push_str(&node.kind);
    out.push('(');
    for (field, value) in &node.fields {
        out.push_str(field);
        out.push('=');
        write_value(out, value);
        out.push(';');
    }
    out.push(')');
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Node(node) => write(out, node),
        Value::List(list) => {
            out.push('[');
            for value in list {
                write_value(out, value);
                out.push(',');
            }
            out.push(']');
        }
        // Writing to a string does not fail.
        Value::Atom(atom) => {
            let _ = write!(out, "{atom}");
        }
    }
}
