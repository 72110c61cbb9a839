//! The code of a module that its edits depend on: a change to it needs a new review.

use std::{collections::BTreeMap, fmt::Write as _, ops::Range, sync::Arc};

use diagnostics::Source;
use javascript::{JavaScriptError, Language};

use crate::{
    edit::{Action, Edit},
    error::PatchError,
    parse, place,
    tree::{Node, Value},
};

/// Code that an edit depends on: a function, a class, a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The text in the module.
    pub text: String,
    /// The structure that a match sees. It is equal for texts that differ only in layout, comments,
    /// quotes or types.
    pub structure: String,
}

/// The code that edits depend on, by names as in `in`. For an edit with `in`, this is the whole
/// outermost place. For an edit of the whole module, these are the declarations that its pattern
/// matches in, or that its code refers to. A match outside any declaration counts as `module`.
/// Missing places are left out.
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
        .map_err(|problem| JavaScriptError::unreadable(source, problem))?;
    let places = edits.iter().flat_map(|edit| places(&tree, edit)).map(|(name, node)| {
        let mut structure = String::new();
        write(&mut structure, node);
        (name, Watched { text: source.text[node.span.clone()].to_owned(), structure })
    });
    Ok(places.collect())
}

/// The code that one edit depends on, by name.
fn places<'t>(tree: &'t Node, edit: &Edit) -> Vec<(String, &'t Node)> {
    if let Some(outermost) = edit.steps.first() {
        let place = place::resolve(tree, edit.steps.get(..1).unwrap_or_default()).ok();
        return place.map(|node| (outermost.written(), node)).into_iter().collect();
    }
    let declarations: Vec<Declaration<'t>> = declarations(tree);
    match &edit.action {
        Action::Append(template) => {
            let used = declarations
                .into_iter()
                .filter(|declaration| declaration.names.iter().any(|name| template.mentions(name)));
            used.map(|declaration| (declaration.written(), declaration.node)).collect()
        }
        Action::Rewrite(rewrite) => {
            let holder = |span: &Range<usize>| {
                let holds = |declaration: &&Declaration<'_>| {
                    let own = &declaration.node.span;
                    own.start <= span.start && span.end <= own.end
                };
                match declarations.iter().find(holds) {
                    Some(declaration) => (declaration.written(), declaration.node),
                    None => ("module".to_owned(), tree),
                }
            };
            let matches = rewrite.pattern.search(tree);
            matches.iter().map(|found| holder(&found.node.span)).collect()
        }
    }
}

/// A statement of the module that declares names.
struct Declaration<'t> {
    kind: &'static str,
    names: Vec<&'t str>,
    node: &'t Node,
}

impl Declaration<'_> {
    fn written(&self) -> String {
        format!("{} {}", self.kind, self.names.join(", "))
    }
}

fn declarations(tree: &Node) -> Vec<Declaration<'_>> {
    let statements = tree.field("body").into_iter().flat_map(Value::nodes);
    let declarations = statements.filter_map(|statement| {
        // The declaration inside an export.
        let node = statement.child("declaration").unwrap_or(statement);
        let (kind, names) = match node.kind.as_str() {
            "FunctionDeclaration" => ("function", own_name(node).into_iter().collect()),
            "ClassDeclaration" => ("class", own_name(node).into_iter().collect()),
            "VariableDeclaration" => {
                let declarators = node.field("declarations").into_iter().flat_map(Value::nodes);
                ("variable", declarators.filter_map(own_name).collect())
            }
            _ => return None,
        };
        Some(Declaration { kind, names, node }).filter(|declaration| !declaration.names.is_empty())
    });
    declarations.collect()
}

fn own_name(node: &Node) -> Option<&str> {
    node.child("id").and_then(Node::name)
}

/// Writes `Kind(field=…;)`, without positions.
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
        // Writing to a string cannot fail.
        Value::Atom(atom) => {
            let _ = write!(out, "{atom}");
        }
    }
}
