//! Templates: replacement code with holes for captured code.
//!
//! Captured code is copied from the source byte for byte, so its comments, layout and types stay.

use std::{collections::BTreeMap, ops::Range};

use javascript::Problem;

use crate::{
    parentheses::{self, Needs, has_parentheses},
    parse,
    pattern::{self, Captures, Metavariable, Pattern},
    place::Step,
    splice::Part,
    tree::{Node, Types},
};

/// Code that replaces a match or is appended, with holes for captured code.
#[derive(Debug, Clone)]
pub struct Template {
    text: String,
    root: Node,
    holes: Vec<Hole>,
    names: Vec<Name>,
}

/// A use of a name in the code.
#[derive(Debug, Clone)]
struct Name {
    name: String,
    span: Range<usize>,
    is_shorthand: bool,
}

#[derive(Debug, Clone)]
struct Hole {
    name: String,
    is_many: bool,
    span: Range<usize>,
    needs: Needs,
}

/// The reason for an invalid rewrite.
#[derive(Debug)]
pub enum TemplateError {
    /// It does not parse.
    Syntax(Problem),
    /// It copies a metavariable that the pattern does not capture.
    Unknown {
        /// The metavariable in the rewrite.
        metavariable: String,
        /// The captures of the pattern.
        captured: Vec<String>,
    },
}

impl Template {
    /// The template that replaces the matches of `pattern`.
    pub fn replacing(text: &str, pattern: &Pattern, types: Types) -> Result<Self, TemplateError> {
        let root = pattern::fragment(text, types).map_err(TemplateError::Syntax)?;
        Self::new(text, &root, 0, &pattern.captured())
    }

    /// The template that is appended to `place`, or to the module if there is none.
    pub fn appending(
        text: &str,
        place: Option<&Step>,
        types: Types,
    ) -> Result<Self, TemplateError> {
        let around = match place {
            Some(Step::Interface(_)) => "interface Around {",
            Some(Step::Class(_)) => "class Around {",
            _ => "",
        };
        let close = if around.is_empty() { "" } else { "\n}" };
        let root = parse::parse_fragment(&format!("{around}{text}{close}"), types)
            .map_err(|problem| TemplateError::Syntax(shift_problem(problem, around.len())))?;
        Self::new(text, &root, around.len(), &BTreeMap::new())
    }

    fn new(
        text: &str,
        root: &Node,
        offset: usize,
        captured: &BTreeMap<String, bool>,
    ) -> Result<Self, TemplateError> {
        let mut holes: Vec<Hole> = Vec::new();
        let mut names = Vec::new();
        for (node, needs) in parentheses::all(root) {
            let span = shift(&node.span, offset);
            let Some(metavariable) = Metavariable::of(node) else {
                if let (Some(name), "Identifier") = (node.name(), node.kind.as_str()) {
                    let is_shorthand = node.is_shorthand;
                    names.push(Name { name: name.to_owned(), span, is_shorthand });
                }
                continue;
            };
            // A shorthand property or a statement has a separate node for its metavariable.
            if holes.iter().any(|hole| hole.span.start <= span.start && span.end <= hole.span.end) {
                continue;
            }
            let known =
                metavariable.name.filter(|name| captured.get(*name) == Some(&metavariable.is_many));
            let Some(name) = known else {
                let dollars = |name: &str, is_many: bool| {
                    format!("{}{name}", if is_many { "$$$" } else { "$" })
                };
                let is_many = metavariable.is_many;
                return Err(TemplateError::Unknown {
                    metavariable: metavariable
                        .name
                        .map_or_else(|| text[span].to_owned(), |name| dollars(name, is_many)),
                    captured: captured
                        .iter()
                        .map(|(name, is_many)| dollars(name, *is_many))
                        .collect(),
                });
            };
            holes.push(Hole { name: name.to_owned(), is_many: metavariable.is_many, span, needs });
        }
        holes.sort_by_key(|hole| hole.span.start);
        names.sort_by_key(|name| name.span.start);
        Ok(Self { text: text.to_owned(), root: root.clone(), holes, names })
    }

    /// Whether the code uses `name`.
    pub fn mentions(&self, name: &str) -> bool {
        self.names.iter().any(|found| found.name == name)
    }

    /// The bytes of a match that the code replaces. A statement keeps its semicolon if the code has
    /// none.
    pub fn replaced(&self, source: &str, node: &Node) -> Range<usize> {
        let is_closed = self.text.trim_end().ends_with(';');
        let has_semicolon = source[node.span.clone()].ends_with(';');
        node.span.start..node.span.end - usize::from(has_semicolon && !is_closed)
    }

    /// The code for one match: text, and copied parts of the source.
    ///
    /// `replaced` is the replaced node with the requirement of its position, if any. `aliases` maps
    /// an imported name to its local name if the original was taken.
    pub fn fill(
        &self,
        source: &str,
        replaced: Option<(&Node, Needs)>,
        captures: &Captures<'_>,
        aliases: &BTreeMap<String, String>,
    ) -> Vec<Part> {
        let outside = match replaced {
            // Parentheses around the match stay.
            Some((node, needs)) if !has_parentheses(node, source) => needs,
            _ => Needs::Nothing,
        };
        let mut parts = Vec::new();
        let mut position = 0;
        for hole in &self.holes {
            let nodes = captures.get(&hole.name).map(Vec::as_slice).unwrap_or_default();
            parts.push(self.literal(position..hole.span.start, aliases));
            position = hole.span.end;
            match pattern::covered(nodes) {
                None => position = self.drop_separator(&mut parts, position),
                Some(span) => {
                    let is_all = hole.span == self.root.span;
                    let needs = if is_all { outside } else { hole.needs };
                    let wrap =
                        !hole.is_many && nodes.iter().any(|node| needs.parentheses(node, source));
                    let (open, close) = if wrap { ("(", ")") } else { ("", "") };
                    parts.extend([Part::text(open), Part::Copy(span), Part::text(close)]);
                }
            }
        }
        parts.push(self.literal(position..self.text.len(), aliases));
        if outside.parentheses(&self.root, &self.text) {
            parts.insert(0, Part::text("("));
            parts.push(Part::text(")"));
        }
        if let Some((node, _)) = replaced.filter(|(node, _)| node.is_shorthand)
            && let Some(name) = node.name()
        {
            // The key of `{ name }` stays if its value changes.
            parts.insert(0, Part::Text(format!("{name}: ")));
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        parts
    }

    /// The template's own text in `span`, with imported names replaced by their aliases.
    fn literal(&self, span: Range<usize>, aliases: &BTreeMap<String, String>) -> Part {
        let mut text = String::new();
        let mut position = span.start;
        for Name { name, span: at, is_shorthand } in &self.names {
            let is_inside = position <= at.start && at.end <= span.end;
            let Some(alias) = aliases.get(name).filter(|alias| is_inside && *alias != name) else {
                continue;
            };
            text.push_str(&self.text[position..at.start]);
            if *is_shorthand {
                text.push_str(&format!("{name}: "));
            }
            text.push_str(alias);
            position = at.end;
        }
        text.push_str(&self.text[position..span.end]);
        Part::Text(text)
    }

    /// An empty list also drops its comma: the one after it, or else the one before it.
    fn drop_separator(&self, parts: &mut [Part], position: usize) -> usize {
        let behind = &self.text[position..];
        let trimmed = behind.trim_start();
        if let Some(rest) = trimmed.strip_prefix(',') {
            return self.text.len() - rest.trim_start().len();
        }
        if let Some(Part::Text(before)) = parts.last_mut() {
            let kept = before.trim_end();
            if let Some(kept) = kept.strip_suffix(',') {
                *before = kept.to_owned();
            }
        }
        position
    }
}

fn shift(span: &Range<usize>, offset: usize) -> Range<usize> {
    span.start.saturating_sub(offset)..span.end.saturating_sub(offset)
}

fn shift_problem(problem: Problem, offset: usize) -> Problem {
    Problem { span: shift(&problem.span, offset), ..problem }
}
