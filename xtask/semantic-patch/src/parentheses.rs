//! The parentheses that an expression needs where it is put.

use crate::tree::Node;

/// The code that a position accepts without parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// A statement or a whole list: any code.
    Nothing,
    /// Any code except `a, b`, which would become two arguments.
    NoComma,
    /// The same, but braces would open the body of the arrow function.
    ArrowBody,
    /// Only code that binds as tightly as a name: an operand.
    Operand,
    /// The same without a call, because `new a()()` constructs `a`.
    Constructor,
}

impl Needs {
    /// The requirement of the position of `node` below `root`.
    pub fn of(root: &Node, node: &Node) -> Self {
        let found = all(root).into_iter().find(|(other, _)| std::ptr::eq(*other, node));
        found.map_or(Self::Nothing, |(_, needs)| needs)
    }

    /// Whether a node of `source` needs parentheses in such a position.
    pub fn parentheses(self, node: &Node, source: &str) -> bool {
        if has_parentheses(node, source) {
            return false;
        }
        let text = source.get(node.span.clone()).unwrap_or_default();
        match self {
            Self::Nothing => false,
            Self::NoComma => node.kind == "SequenceExpression",
            Self::ArrowBody => {
                node.kind == "SequenceExpression"
                    || text.starts_with('{') && node.kind != "BlockStatement"
            }
            Self::Operand => !is_tight(node),
            Self::Constructor => !is_tight(node) || text.contains('('),
        }
    }
}

/// Whether parentheses of its own surround a node.
pub fn has_parentheses(node: &Node, source: &str) -> bool {
    let text = source.get(node.outer.clone()).unwrap_or_default();
    node.outer != node.span && text.starts_with('(') && text.ends_with(')')
}

/// Whether a node binds as tightly as a name.
fn is_tight(node: &Node) -> bool {
    let kinds = [
        "Identifier",
        "Undefined",
        "Literal",
        "ThisExpression",
        "MemberExpression",
        "CallExpression",
        "TemplateLiteral",
        "ArrayExpression",
    ];
    node.outer == node.span && kinds.contains(&node.kind.as_str())
}

/// Every node below `root`, with the requirement of its position.
pub fn all(root: &Node) -> Vec<(&Node, Needs)> {
    fn visit<'n>(node: &'n Node, needs: Needs, all: &mut Vec<(&'n Node, Needs)>) {
        all.push((node, needs));
        for (field, value) in &node.fields {
            let below = below(&node.kind, field, needs);
            value.nodes().for_each(|child| visit(child, below, all));
        }
    }
    let mut all = Vec::new();
    visit(root, Needs::Nothing, &mut all);
    all
}

/// The requirement of a field, in a node with the requirement `needs`.
fn below(kind: &str, field: &str, needs: Needs) -> Needs {
    match (kind, field) {
        // Only marks the end of `a?.b.c`.
        ("ChainExpression", _) => needs,
        ("NewExpression", "callee") => Needs::Constructor,
        ("MemberExpression", "object")
        | ("CallExpression", "callee")
        | ("UnaryExpression" | "AwaitExpression" | "UpdateExpression", "argument")
        | ("BinaryExpression" | "LogicalExpression", "left" | "right")
        | ("ConditionalExpression", "test")
        | ("ClassDeclaration" | "ClassExpression", "superClass")
        | ("TaggedTemplateExpression", "tag") => Needs::Operand,
        ("ArrowFunctionExpression", "body") => Needs::ArrowBody,
        ("CallExpression" | "NewExpression", "arguments")
        | ("ArrayExpression", "elements")
        | ("Property" | "PropertyDefinition", "value")
        | ("VariableDeclarator", "init")
        | ("AssignmentExpression" | "AssignmentPattern" | "ForOfStatement", "right")
        | ("SpreadElement" | "YieldExpression", "argument")
        | ("ExportDefaultDeclaration", "declaration")
        | ("ConditionalExpression", _) => Needs::NoComma,
        _ => Needs::Nothing,
    }
}
