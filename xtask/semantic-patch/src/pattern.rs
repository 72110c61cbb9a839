//! Patterns: a piece of code with metavariables, and the search for matches.
//!
//! `$X` matches one node, `$_` one node without capturing it, `$$$XS` any number of nodes in a list
//! (arguments, statements, properties), and `$$$` any number without capturing them. A metavariable
//! that occurs twice must match equal code twice.

use std::{collections::BTreeMap, ops::Range};

use javascript::Problem;

use crate::{
    parse,
    tree::{Node, Types, Value},
};

/// A metavariable in a pattern or a rewrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metavariable<'n> {
    /// The name without its dollar signs; `None` if nothing is captured.
    pub name: Option<&'n str>,
    /// Whether it matches any number of nodes.
    pub is_many: bool,
}

impl<'n> Metavariable<'n> {
    fn read(text: &'n str) -> Option<Self> {
        let (name, is_many) = match text.strip_prefix("$$$") {
            Some(name) => (name, true),
            None => (text.strip_prefix('$')?, false),
        };
        let is_name = name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        match name {
            "" if is_many => Some(Self { name: None, is_many }),
            _ if !is_name => None,
            _ if name.starts_with('_') => Some(Self { name: None, is_many }),
            _ => Some(Self { name: Some(name), is_many }),
        }
    }

    /// The metavariable of a pattern node, in any list or field.
    pub fn of(node: &'n Node) -> Option<Self> {
        let same_name = |one: &str, other: &str| {
            let name = node.child(one)?.name()?;
            (node.child(other)?.name() == Some(name)).then_some(name)
        };
        let text = match node.kind.as_str() {
            "Identifier" | "PropertyKey" => node.name(),
            "ExpressionStatement" => node.child("expression").and_then(Node::name),
            "Property" => same_name("key", "value"),
            "ImportSpecifier" => same_name("imported", "local"),
            "TSTypeReference" => node.child("typeName").and_then(Node::name),
            _ => None,
        };
        text.and_then(Self::read)
    }
}

/// The captures of one match, by metavariable.
pub type Captures<'t> = BTreeMap<String, Vec<&'t Node>>;

/// A match of a pattern.
#[derive(Debug)]
pub struct Match<'t> {
    /// The matching node.
    pub node: &'t Node,
    /// The captured nodes of each metavariable.
    pub captures: Captures<'t>,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    root: Node,
    /// A `return` belongs to the enclosing function, so nested functions are not searched.
    holds_return: bool,
}

impl Pattern {
    /// Compiles one statement or one expression.
    pub fn compile(text: &str, types: Types) -> Result<Self, Problem> {
        let root = fragment(text, types)?;
        let mut holds_return = false;
        root.walk(&|node| !node.is_function(), &mut |node| {
            holds_return |= node.kind == "ReturnStatement";
        });
        Ok(Self { root, holds_return })
    }

    /// The names that the pattern captures, and whether each captures many nodes.
    pub fn captured(&self) -> BTreeMap<String, bool> {
        let found = self.root.descendants().into_iter().filter_map(Metavariable::of);
        found.filter_map(|found| Some((found.name?.to_owned(), found.is_many))).collect()
    }

    /// Every match in `place`, outer matches before inner ones.
    pub fn search<'t>(&self, place: &'t Node) -> Vec<Match<'t>> {
        let mut matches = Vec::new();
        self.walk(place, &mut |node| {
            let mut captures = Captures::new();
            if fits(&self.root, node, &mut captures) {
                matches.push(Match { node, captures });
            }
        });
        matches
    }

    /// The nearest candidate in `place`: the only node of the pattern's kind, or the one with most
    /// nodes in common.
    pub fn nearest<'t>(&self, place: &'t Node) -> Option<&'t Node> {
        let mut candidates = Vec::new();
        self.walk(place, &mut |node| {
            if node.kind == self.root.kind {
                candidates.push(node);
            }
        });
        if let [only] = candidates.as_slice() {
            return Some(only);
        }
        let size = self.root.descendants().len() as f64;
        let nearness = |node: &Node| common(&self.root, node) as f64 / size;
        let nearest = candidates
            .into_iter()
            .rev()
            .max_by(|one, other| nearness(one).total_cmp(&nearness(other)));
        nearest.filter(|node| nearness(node) >= NEAREST_AT_LEAST)
    }

    /// Visits the nodes that the pattern could match. With a `return` in the pattern, only those of
    /// the place itself.
    fn walk<'t>(&self, place: &'t Node, visit: &mut dyn FnMut(&'t Node)) {
        place.walk(&|node| !(self.holds_return && node.is_function()), visit);
    }
}

/// A candidate with a smaller share of common nodes is not helpful.
const NEAREST_AT_LEAST: f64 = 0.4;

/// The only statement or expression of a fragment.
pub fn fragment(text: &str, types: Types) -> Result<Node, Problem> {
    let program = parse::parse_fragment(text, types)?;
    let statements: Vec<&Node> = program.children().collect();
    let [statement] = statements.as_slice() else {
        return Err(Problem {
            message: format!("expected one statement or expression, found {}", statements.len()),
            span: 0..text.len(),
        });
    };
    let expression =
        (statement.kind == "ExpressionStatement").then(|| statement.child("expression")).flatten();
    Ok(expression.unwrap_or(statement).clone())
}

/// The byte range of a list of captured nodes, including the separators between them.
pub fn covered(nodes: &[&Node]) -> Option<Range<usize>> {
    Some(nodes.first()?.outer.start..nodes.last()?.outer.end)
}

/// The value of an absent field.
static ABSENT: Value = Value::List(Vec::new());

fn fits<'t>(pattern: &Node, node: &'t Node, captures: &mut Captures<'t>) -> bool {
    if let Some(metavariable) = Metavariable::of(pattern) {
        return !metavariable.is_many && capture(&metavariable, vec![node], captures);
    }
    if pattern.kind != node.kind {
        return false;
    }
    let only_in_node = node.fields.iter().filter(|(name, _)| pattern.field(name).is_none());
    let fields =
        pattern.fields.iter().map(|(name, value)| (value, node.field(name).unwrap_or(&ABSENT)));
    let mut fields = fields.chain(only_in_node.map(|(_, value)| (&ABSENT, value)));
    fields.all(|(expected, found)| value_fits(expected, found, captures))
}

fn value_fits<'t>(pattern: &Value, value: &'t Value, captures: &mut Captures<'t>) -> bool {
    match (pattern, value) {
        (Value::Node(pattern), Value::Node(node)) => fits(pattern, node, captures),
        (Value::List(patterns), Value::List(values)) => list_fits(patterns, values, captures),
        (Value::Atom(expected), Value::Atom(found)) => expected == found,
        _ => pattern.is_empty() && value.is_empty(),
    }
}

fn list_fits<'t>(patterns: &[Value], values: &'t [Value], captures: &mut Captures<'t>) -> bool {
    let Some((first, rest)) = patterns.split_first() else {
        return values.is_empty();
    };
    let many = first.as_node().and_then(Metavariable::of).filter(|found| found.is_many);
    if let Some(metavariable) = many {
        // The shortest match first, as in ast-grep.
        return (0..=values.len()).any(|length| {
            let mut attempt = captures.clone();
            let nodes = values[..length].iter().filter_map(Value::as_node).collect();
            let is_match = capture(&metavariable, nodes, &mut attempt)
                && list_fits(rest, &values[length..], &mut attempt);
            if is_match {
                *captures = attempt;
            }
            is_match
        });
    }
    let Some((value, values)) = values.split_first() else { return false };
    value_fits(first, value, captures) && list_fits(rest, values, captures)
}

fn capture<'t>(
    metavariable: &Metavariable<'_>,
    nodes: Vec<&'t Node>,
    captures: &mut Captures<'t>,
) -> bool {
    let Some(name) = metavariable.name else { return true };
    if let Some(earlier) = captures.get(name) {
        return earlier.len() == nodes.len()
            && earlier.iter().zip(&nodes).all(|(one, other)| is_same(one, other));
    }
    captures.insert(name.to_owned(), nodes);
    true
}

/// Whether two pieces of code are equal apart from spelling.
fn is_same(one: &Node, other: &Node) -> bool {
    one.kind == other.kind
        && one.fields.len() == other.fields.len()
        && one
            .fields
            .iter()
            .all(|(name, value)| other.field(name).is_some_and(|other| is_same_value(value, other)))
}

fn is_same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Node(one), Value::Node(other)) => is_same(one, other),
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same_value(one, other))
        }
        (Value::Atom(one), Value::Atom(other)) => one == other,
        _ => false,
    }
}

/// The number of pattern nodes with a counterpart in `node`.
fn common(pattern: &Node, node: &Node) -> usize {
    if Metavariable::of(pattern).is_some() {
        return pattern.descendants().len();
    }
    if pattern.kind != node.kind {
        return 0;
    }
    let atoms = |node: &Node| -> Vec<String> {
        let atoms = node.fields.iter().filter_map(|(_, value)| match value {
            Value::Atom(atom) => Some(atom.to_string()),
            _ => None,
        });
        atoms.collect()
    };
    let own = usize::from(atoms(pattern) == atoms(node));
    let below = pattern.fields.iter().map(|(name, value)| {
        let candidates: Vec<&Node> =
            node.field(name).map(|found| found.nodes().collect()).unwrap_or_default();
        let best =
            |child: &Node| candidates.iter().map(|found| common(child, found)).max().unwrap_or(0);
        value.nodes().map(best).sum::<usize>()
    });
    own + below.sum::<usize>()
}
