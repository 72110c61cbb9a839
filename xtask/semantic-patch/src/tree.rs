//! The tree that is matched: ESTree, without what a match must not depend on.
//!
//! oxc's syntax tree is serialised to ESTree once per module and read back as a uniform [`Node`].
//! Matching then needs no code per kind of node, and a new syntax in JavaScript needs none here.
//!
//! Two spellings of the same program become the same tree: parentheses, quotes, the shorthand of
//! a property, `undefined` and `void 0` always; types, `as`, `satisfies` and `!` where types are
//! [ignored](Types::Ignored).

use std::ops::Range;

use serde_json::Value as Json;

/// Whether the tree holds the types of TypeScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Types {
    /// They are left out: a TypeScript module and the JavaScript made of it give one tree.
    Ignored,
    /// They are kept: a declaration file consists of little else.
    Kept,
}

/// A node of the tree.
#[derive(Debug, Clone)]
pub struct Node {
    /// The node's type in ESTree, for example `CallExpression`.
    pub kind: String,
    /// Its bytes in the source.
    pub span: Range<usize>,
    /// The same with the parentheses and type assertions around it: what a capture copies.
    pub outer: Range<usize>,
    /// Whether it is the value of `{ name }`, whose bytes are the property's key as well.
    pub is_shorthand: bool,
    /// What it holds, in ESTree's order.
    pub fields: Vec<(String, Value)>,
}

/// What a field of a node holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// One node.
    Node(Node),
    /// Nodes in order; an elision in an array is `Atom(null)`.
    List(Vec<Value>),
    /// Anything that is not syntax: a name, an operator, a flag.
    Atom(Json),
}

impl Value {
    /// Whether the field says nothing. An absent field equals such a one.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Node(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Atom(atom) => matches!(atom, Json::Null | Json::Bool(false)),
        }
    }

    /// The node, if it is one.
    pub fn as_node(&self) -> Option<&Node> {
        if let Self::Node(node) = self { Some(node) } else { None }
    }

    /// The nodes of this field, one or many.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        let (one, many) = match self {
            Self::Node(node) => (Some(node), [].as_slice()),
            Self::List(list) => (None, list.as_slice()),
            Self::Atom(_) => (None, [].as_slice()),
        };
        one.into_iter().chain(many.iter().filter_map(Self::as_node))
    }
}

impl Node {
    /// The field `name`, if it says anything.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The one node in the field `name`.
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.field(name).and_then(Value::as_node)
    }

    /// The text in the field `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.field(name)? {
            Value::Atom(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The nodes directly below, in ESTree's order.
    pub fn children(&self) -> impl Iterator<Item = &Node> {
        self.fields.iter().flat_map(|(_, value)| value.nodes())
    }

    /// The name of an identifier or of a plain property key.
    pub fn name(&self) -> Option<&str> {
        matches!(self.kind.as_str(), "Identifier" | "PropertyKey")
            .then(|| self.text("name"))
            .flatten()
    }

    /// Whether the node opens a function scope of its own.
    pub fn is_function(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "FunctionDeclaration"
                | "FunctionExpression"
                | "ArrowFunctionExpression"
                | "TSDeclareFunction"
        )
    }

    /// The node and everything below it, in the order of the source.
    ///
    /// `enter` says of a node below the first whether what it holds is visited.
    pub fn walk<'t>(&'t self, enter: &dyn Fn(&Node) -> bool, visit: &mut dyn FnMut(&'t Node)) {
        visit(self);
        for child in self.children() {
            if enter(child) {
                child.walk(enter, visit);
            } else {
                visit(child);
            }
        }
    }

    /// The node and everything below it, in a list.
    pub fn descendants(&self) -> Vec<&Node> {
        let mut all = Vec::new();
        self.walk(&|_| true, &mut |node| all.push(node));
        all
    }
}

/// Fields of ESTree that only types have, or only the spelling.
const TYPE_FIELDS: &[&str] = &[
    "typeAnnotation",
    "typeArguments",
    "typeParameters",
    "returnType",
    "superTypeArguments",
    "implements",
    "accessibility",
    "abstract",
    "declare",
    "definite",
    "override",
    "readonly",
    "importKind",
    "exportKind",
];
const SPELLING_FIELDS: &[&str] = &["raw", "shorthand", "start", "end", "type"];

/// Wrappers that hold one expression and change nothing at run time.
const ASSERTIONS: &[&str] = &[
    "TSAsExpression",
    "TSSatisfiesExpression",
    "TSNonNullExpression",
    "TSTypeAssertion",
    "TSInstantiationExpression",
];

/// Reads ESTree's JSON.
pub fn read(json: Json, types: Types) -> Value {
    match json {
        Json::Array(list) => Value::List(
            list.into_iter()
                .filter(|item| types == Types::Kept || !is_type_only(item))
                .map(|item| read(item, types))
                .collect(),
        ),
        Json::Object(ref object) if object.contains_key("type") && object.contains_key("start") => {
            Value::Node(read_node(json, types))
        }
        atom => Value::Atom(atom),
    }
}

fn read_node(mut json: Json, types: Types) -> Node {
    let kind = json["type"].as_str().unwrap_or_default().to_owned();
    let span = offset(&json["start"])..offset(&json["end"]);
    let is_wrapper = kind == "ParenthesizedExpression"
        || types == Types::Ignored && ASSERTIONS.contains(&kind.as_str());
    if is_wrapper {
        let mut inner = read_node(json["expression"].take(), types);
        inner.outer = span;
        return inner;
    }

    let is_shorthand = json["shorthand"].as_bool() == Some(true);
    let mut node =
        Node { kind, outer: span.clone(), span, is_shorthand: false, fields: Vec::new() };
    if let Json::Object(object) = json {
        node.fields = object
            .into_iter()
            .filter(|(key, _)| !is_ignored(&node.kind, key, types))
            .map(|(key, value)| (key, read(value, types)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
    }
    normalise(&mut node);
    if let Some((_, Value::Node(value))) =
        node.fields.iter_mut().find(|(field, _)| is_shorthand && field == "value")
    {
        value.is_shorthand = true;
    }
    node
}

fn offset(json: &Json) -> usize {
    json.as_u64().and_then(|offset| usize::try_from(offset).ok()).unwrap_or_default()
}

fn is_ignored(kind: &str, key: &str, types: Types) -> bool {
    // `optional` is syntax in `a?.b`, a type in `(a?: string)`.
    let is_type = TYPE_FIELDS.contains(&key)
        || key == "optional" && !matches!(kind, "MemberExpression" | "CallExpression");
    SPELLING_FIELDS.contains(&key) || is_type && types == Types::Ignored
}

/// Whether a statement or specifier leaves nothing behind in JavaScript.
fn is_type_only(json: &Json) -> bool {
    let is = |key: &str, value: &str| json[key].as_str() == Some(value);
    is("type", "TSInterfaceDeclaration")
        || is("type", "TSTypeAliasDeclaration")
        || is("type", "TSDeclareFunction")
        || is("importKind", "type")
        || is("exportKind", "type")
        || json["declare"].as_bool() == Some(true)
}

fn normalise(node: &mut Node) {
    let is_undefined = match node.kind.as_str() {
        "Identifier" => node.text("name") == Some("undefined"),
        "UnaryExpression" => {
            node.text("operator") == Some("void")
                && node.child("argument").is_some_and(|argument| argument.kind == "Literal")
        }
        _ => false,
    };
    if is_undefined {
        node.kind = "Undefined".to_owned();
        node.fields.clear();
    }
    if node.field("computed").is_none() {
        for (field, value) in &mut node.fields {
            if let (true, Value::Node(key)) = (field == "key", value) {
                normalise_key(key);
            }
        }
    }
}

/// `{ a: 1 }` and `{ 'a': 1 }` name one property.
fn normalise_key(key: &mut Node) {
    let name = match key.kind.as_str() {
        "Identifier" => key.text("name"),
        "Literal" => key.text("value"),
        "Undefined" => Some("undefined"),
        _ => None,
    };
    if let Some(name) = name.map(str::to_owned) {
        key.kind = "PropertyKey".to_owned();
        key.fields = vec![("name".to_owned(), Value::Atom(Json::String(name)))];
    }
}
