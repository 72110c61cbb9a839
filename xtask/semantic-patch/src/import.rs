//! Imports that edits add to a module.

use std::collections::{BTreeMap, BTreeSet};

use javascript::Language;

use crate::{
    splice::{Part, Splice},
    tree::{Node, Value},
};

/// The imports of all edits of one module, without name clashes.
pub struct Imports {
    taken: BTreeSet<String>,
    /// By module, then by imported name: the local name, and the first edit that requested it.
    wanted: BTreeMap<String, BTreeMap<String, (String, usize)>>,
    existing: BTreeMap<(String, String), String>,
    end_of_imports: Option<usize>,
}

impl Imports {
    /// Collects the existing imports of the module.
    pub fn of(module: &Node) -> Self {
        let names = module.descendants().into_iter().filter_map(|node| match node.kind.as_str() {
            "Identifier" => node.name().map(str::to_owned),
            _ => None,
        });
        let body = || module.field("body").into_iter().flat_map(Value::nodes);
        let declarations = || body().filter(|statement| statement.kind == "ImportDeclaration");
        let existing = declarations().flat_map(|declaration| {
            let from = declaration.child("source").and_then(|source| source.text("value"));
            let specifiers = declaration.field("specifiers").into_iter().flat_map(Value::nodes);
            specifiers.filter_map(move |specifier| {
                let imported = specifier.child("imported")?.name()?.to_owned();
                Some(((from?.to_owned(), imported), specifier.child("local")?.name()?.to_owned()))
            })
        });
        Self {
            taken: names.collect(),
            wanted: BTreeMap::new(),
            existing: existing.collect(),
            end_of_imports: declarations().last().map(|declaration| declaration.span.end),
        }
    }

    /// The local name for `name` of the module `from`.
    pub fn resolve(&mut self, name: &str, from: &str, edit: usize) -> String {
        if let Some(local) = self.existing.get(&(from.to_owned(), name.to_owned())) {
            return local.clone();
        }
        let known = self.wanted.get(from).and_then(|names| names.get(name));
        if let Some((local, _)) = known {
            return local.clone();
        }
        let mut local = name.to_owned();
        while !self.taken.insert(local.clone()) {
            local.insert(0, '_');
        }
        let names = self.wanted.entry(from.to_owned()).or_default();
        names.insert(name.to_owned(), (local.clone(), edit));
        local
    }

    /// The import declarations, to be placed after the module's own.
    pub fn splices(&self, text: &str, language: Language) -> Vec<Splice> {
        let keyword = if language == Language::Declaration { "import type" } else { "import" };
        let statements = self.wanted.iter().filter_map(|(from, names)| {
            let edit = names.values().next()?.1;
            let specifiers: Vec<String> = names
                .iter()
                .map(
                    |(name, (local, _))| {
                        if name == local { name.clone() } else { format!("{name} as {local}") }
                    },
                )
                .collect();
            Some((format!("{keyword} {{ {} }} from {from:?};", specifiers.join(", ")), edit))
        });
        let at = self.end_of_imports.unwrap_or_else(|| after_head(text));
        let insertion = |(statement, edit): (String, usize)| {
            let text = if self.end_of_imports.is_some() {
                format!("\n{statement}")
            } else {
                format!("{statement}\n")
            };
            Splice { span: at..at, parts: vec![Part::Text(text)], edit }
        };
        statements.map(insertion).collect()
    }
}

/// The position after a `#!` line and triple-slash directives, which must stay first.
fn after_head(text: &str) -> usize {
    let head = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with("#!") || line.starts_with("///"));
    head.map(str::len).sum()
}
