//! Places: the part of a module that an edit looks in.

use std::{fmt, ops::Range};

use crate::tree::{Node, Value};

/// The ESTree kind of the type `{ a: string }`.
pub const OBJECT_TYPE: &str = "TSTypeLiteral";

/// One step of `in`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A function, a method, or a variable or property that holds a function.
    Function(String),
    /// The default export of the module.
    DefaultExport,
    /// An interface of a declaration file, or a named object type.
    Interface(String),
    /// A class.
    Class(String),
    /// The value of an object's property.
    Property(String),
}

impl Step {
    /// Parses one string of `in`; `None` for an unknown kind of place.
    pub fn read(text: &str) -> Option<Self> {
        if text == "default export" {
            return Some(Self::DefaultExport);
        }
        let (kind, name) = text.split_once(' ')?;
        let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty())?;
        match kind {
            "function" => Some(Self::Function(name)),
            "interface" => Some(Self::Interface(name)),
            "class" => Some(Self::Class(name)),
            "property" => Some(Self::Property(name)),
            _ => None,
        }
    }

    /// The node's own name and the place, if the node is a place of this kind.
    fn candidate<'t>(&self, node: &'t Node) -> Option<(&'t str, &'t Node)> {
        let id = || node.child("id").and_then(Node::name);
        let key = || node.child("key").and_then(Node::name);
        let function = |field: &str| node.child(field).filter(|value| value.is_function());
        match (self, node.kind.as_str()) {
            (Self::Function(_), _) if node.is_function() => Some((id()?, node)),
            (Self::Function(_), "VariableDeclarator") => Some((id()?, function("init")?)),
            (Self::Function(_), "Property" | "MethodDefinition" | "PropertyDefinition") => {
                Some((key()?, function("value")?))
            }
            (Self::Interface(_), "TSInterfaceDeclaration")
            | (Self::Class(_), "ClassDeclaration" | "ClassExpression") => Some((id()?, node)),
            (Self::Interface(_), "TSTypeAliasDeclaration") => {
                let aliased = node.child("typeAnnotation")?;
                Some((id()?, aliased)).filter(|_| aliased.kind == OBJECT_TYPE)
            }
            (Self::Property(_), "Property") => Some((key()?, node.child("value")?)),
            _ => None,
        }
    }

    /// The string that [`Step::read`] parses.
    pub fn written(&self) -> String {
        match self {
            Self::DefaultExport => "default export".to_owned(),
            Self::Function(name) => format!("function {name}"),
            Self::Interface(name) => format!("interface {name}"),
            Self::Class(name) => format!("class {name}"),
            Self::Property(name) => format!("property {name}"),
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::DefaultExport => None,
            Self::Function(name)
            | Self::Interface(name)
            | Self::Class(name)
            | Self::Property(name) => Some(name),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DefaultExport => write!(formatter, "the default export"),
            Self::Function(name) => write!(formatter, "function `{name}`"),
            Self::Interface(name) => write!(formatter, "interface `{name}`"),
            Self::Class(name) => write!(formatter, "class `{name}`"),
            Self::Property(name) => write!(formatter, "property `{name}`"),
        }
    }
}

/// Describes a place in words, innermost step first.
pub fn describe(steps: &[Step]) -> String {
    if steps.is_empty() {
        return "the module".to_owned();
    }
    let steps: Vec<String> = steps.iter().rev().map(ToString::to_string).collect();
    steps.join(" in ")
}

/// The reason for an unresolved place.
#[derive(Debug)]
pub enum Failure {
    /// No such place. Lists existing names of the same kind, the most similar first.
    Missing(Vec<(String, Range<usize>)>),
    /// Several such places.
    Ambiguous(Vec<Range<usize>>),
}

/// Resolves the steps from the outside in, starting at the module.
pub fn resolve<'t>(module: &'t Node, steps: &[Step]) -> Result<&'t Node, Failure> {
    steps.iter().try_fold(module, |place, step| enter(module, place, step))
}

fn enter<'t>(module: &'t Node, place: &'t Node, step: &Step) -> Result<&'t Node, Failure> {
    let Some(name) = step.name() else {
        return default_export(module).ok_or(Failure::Missing(Vec::new()));
    };
    let mut candidates: Vec<(&str, &Node)> =
        place.descendants().into_iter().filter_map(|node| step.candidate(node)).collect();
    // `const name = function name() {}` is one function, but found under both names.
    candidates.dedup_by_key(|(name, node)| (*name, node.span.start));

    let found: Vec<&Node> = candidates
        .iter()
        .filter(|(candidate, _)| *candidate == name)
        .map(|(_, node)| *node)
        .collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::Missing(similar(name, &candidates))),
        many => Err(Failure::Ambiguous(many.iter().map(|node| node.span.clone()).collect())),
    }
}

fn similar(name: &str, candidates: &[(&str, &Node)]) -> Vec<(String, Range<usize>)> {
    let mut names: Vec<(String, Range<usize>)> =
        candidates.iter().map(|(name, node)| ((*name).to_owned(), node.span.clone())).collect();
    names.sort_by(|one, other| {
        strsim::jaro_winkler(name, &other.0).total_cmp(&strsim::jaro_winkler(name, &one.0))
    });
    names
}

/// Finds `export default X` or `export { X as default }`, and follows X to its declaration.
fn default_export(module: &Node) -> Option<&Node> {
    let statements = || module.field("body").into_iter().flat_map(Value::nodes);
    let exported = statements().find_map(|statement| match statement.kind.as_str() {
        "ExportDefaultDeclaration" => statement.child("declaration"),
        "ExportNamedDeclaration" => {
            let specifiers = statement.field("specifiers")?.nodes();
            let mut default = specifiers.filter(|specifier| {
                specifier.child("exported").and_then(Node::name) == Some("default")
            });
            default.next()?.child("local")
        }
        _ => None,
    })?;
    let Some(name) = exported.name() else { return Some(exported) };
    statements().find_map(|statement| {
        let declaration = statement.child("declaration").unwrap_or(statement);
        if declaration.child("id").and_then(Node::name) == Some(name) {
            return Some(declaration);
        }
        let mut declarators = declaration.field("declarations")?.nodes();
        declarators.find(|one| one.child("id").and_then(Node::name) == Some(name))?.child("init")
    })
}
