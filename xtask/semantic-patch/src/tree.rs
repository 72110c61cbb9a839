//! The tree for matching: ESTree without details that matches must ignore.
//!
//! oxc's syntax tree is serialised to ESTree once per module and read back as a uniform [`Node`].
//! Matching then needs no code per node kind, and new JavaScript syntax needs no code here.
//!
//! Two spellings of a program give the same tree. This always covers parentheses, quotes, shorthand
//! properties, and `undefined` and `void 0`. If types are [ignored](Types::Ignored), it also covers
//! types, `as`, `satisfies` and `!`.

use std::{fmt, ops::Range};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// Whether the tree includes TypeScript types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Types {
    /// Types are left out: a TypeScript module and its compiled JavaScript give the same tree.
    Ignored,
    /// Types are kept: a declaration file consists mostly of them.
    Kept,
}

/// A node of the tree.
#[derive(Debug, Clone)]
pub struct Node {
    /// The node's type in ESTree, for example `CallExpression`.
    pub kind: String,
    /// Its bytes in the source.
    pub span: Range<usize>,
    /// The span including parentheses and type assertions around the node: the bytes that a capture
    /// copies.
    pub outer: Range<usize>,
    /// Whether it is the value of `{ name }`, which has the same bytes as the key.
    pub is_shorthand: bool,
    /// The fields, in ESTree's order.
    pub fields: Vec<(String, Value)>,
}

/// The value of a node's field.
#[derive(Debug, Clone)]
pub enum Value {
    /// One node.
    Node(Node),
    /// Nodes in order; an elision in an array is `Atom(null)`.
    List(Vec<Value>),
    /// Anything other than syntax: a name, an operator, a flag.
    Atom(Json),
}

impl Value {
    /// Whether the field is empty. An absent field is equal to an empty one.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Node(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Atom(atom) => matches!(atom, Json::Null | Json::Bool(false)),
        }
    }

    /// The node, if the value is a single node.
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
    /// The field `name`, if it is not empty.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The single node in the field `name`.
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

    /// The child nodes, in ESTree's order.
    pub fn children(&self) -> impl Iterator<Item = &Node> {
        self.fields.iter().flat_map(|(_, value)| value.nodes())
    }

    /// The name of an identifier or of a plain property key.
    pub fn name(&self) -> Option<&str> {
        matches!(self.kind.as_str(), "Identifier" | "PropertyKey")
            .then(|| self.text("name"))
            .flatten()
    }

    /// Whether the node opens its own function scope.
    pub fn is_function(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "FunctionDeclaration"
                | "FunctionExpression"
                | "ArrowFunctionExpression"
                | "TSDeclareFunction"
        )
    }

    /// Visits the node and all its descendants, in source order.
    ///
    /// `enter` decides whether the children of a descendant are visited.
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

    /// The node and all its descendants.
    pub fn descendants(&self) -> Vec<&Node> {
        let mut all = Vec::new();
        self.walk(&|_| true, &mut |node| all.push(node));
        all
    }
}

/// ESTree fields for types only, or for spelling only.
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
const SPELLING_FIELDS: &[&str] = &["raw"];

/// Statements that produce no JavaScript.
const TYPE_STATEMENTS: &[&str] =
    &["TSInterfaceDeclaration", "TSTypeAliasDeclaration", "TSDeclareFunction"];

/// Wrappers around one expression without effect at run time.
const ASSERTIONS: &[&str] = &[
    "TSAsExpression",
    "TSSatisfiesExpression",
    "TSNonNullExpression",
    "TSTypeAssertion",
    "TSInstantiationExpression",
];

/// Reads ESTree's JSON.
///
/// Builds nodes directly while reading, without a map for each: most of the time of matching is
/// spent here.
pub fn read(json: &str, types: Types) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Reader(types).deserialize(&mut deserializer).map(|(value, _)| value)
}

/// Reads one value, and whether it produces no JavaScript.
#[derive(Clone, Copy)]
struct Reader(Types);

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = (Value, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = (Value, bool);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a syntax tree")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok((Value::Atom(value.into()), false))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok((Value::Atom(value.into()), false))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok((Value::Atom(value.into()), false))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok((Value::Atom(value.into()), false))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok((Value::Atom(value.into()), false))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok((Value::Atom(Json::Null), false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some((value, is_type_only)) = items.next_element_seed(self)? {
            if self.0 == Types::Kept || !is_type_only {
                list.push(value);
            }
        }
        Ok((Value::List(list), false))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut raw = RawNode::default();
        // An object without a type is not syntax: the two texts of a template, a regular
        // expression.
        let mut atoms = serde_json::Map::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => raw.kind = map.next_value()?,
                "start" => raw.span.start = map.next_value()?,
                "end" => raw.span.end = map.next_value()?,
                "shorthand" => raw.is_shorthand = map.next_value()?,
                _ if raw.kind.is_empty() => {
                    atoms.insert(key, map.next_value()?);
                }
                _ => {
                    let (value, _) = map.next_value_seed(self)?;
                    raw.is_type_only |= leaves_nothing(&key, &value);
                    if !value.is_empty() && !is_ignored(&raw.kind, &key, self.0) {
                        raw.fields.push((key, value));
                    }
                }
            }
        }
        if raw.kind.is_empty() {
            return Ok((Value::Atom(Json::Object(atoms)), false));
        }
        let is_type_only = raw.is_type_only || TYPE_STATEMENTS.contains(&raw.kind.as_str());
        Ok((Value::Node(raw.into_node(self.0)), is_type_only))
    }
}

/// A node while it is read.
#[derive(Default)]
struct RawNode {
    kind: String,
    span: Range<usize>,
    is_shorthand: bool,
    is_type_only: bool,
    fields: Vec<(String, Value)>,
}

impl RawNode {
    fn into_node(self, types: Types) -> Node {
        let Self { kind, span, is_shorthand, mut fields, .. } = self;
        let is_wrapper = kind == "ParenthesizedExpression"
            || types == Types::Ignored && ASSERTIONS.contains(&kind.as_str());
        if is_wrapper
            && let Some(index) = fields.iter().position(|(field, _)| field == "expression")
            && let (_, Value::Node(mut inner)) = fields.swap_remove(index)
        {
            inner.outer = span;
            return inner;
        }
        let mut node = Node { kind, outer: span.clone(), span, is_shorthand: false, fields };
        normalise(&mut node);
        let value = node.fields.iter_mut().find(|(field, _)| is_shorthand && field == "value");
        if let Some((_, Value::Node(value))) = value {
            value.is_shorthand = true;
        }
        node
    }
}

fn is_ignored(kind: &str, key: &str, types: Types) -> bool {
    // `optional` is syntax in `a?.b`, but a type in `(a?: string)`.
    let is_type = TYPE_FIELDS.contains(&key)
        || key == "optional" && !matches!(kind, "MemberExpression" | "CallExpression");
    SPELLING_FIELDS.contains(&key) || is_type && types == Types::Ignored
}

/// Whether a field marks its statement or specifier as producing no JavaScript.
fn leaves_nothing(key: &str, value: &Value) -> bool {
    match (key, value) {
        ("importKind" | "exportKind", Value::Atom(Json::String(kind))) => kind == "type",
        ("declare", Value::Atom(atom)) => *atom == Json::Bool(true),
        _ => false,
    }
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

/// `{ a: 1 }` and `{ 'a': 1 }` have the same property.
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
