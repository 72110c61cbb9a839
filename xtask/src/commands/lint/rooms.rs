//! Checks the imports between rooms against `xtask/rooms.toml`.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Failure, Source};
use javascript::{JavaScriptError, Language, relative_imports};
use serde::Deserialize;
use toml::Spanned;

use super::{RoomError, rust_imports::rust_imports};
use crate::{checkout, package::templates};

/// The lists of rooms, below the root of the checkout.
const ROOMS: &str = "xtask/rooms.toml";

/// The modules of the toolchain.
const TOOLCHAIN: &str = "xtask/src";

/// The root module. It may import any other module; none may import it.
const MAIN: &str = "main";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rooms {
    templates: Area,
    xtask: Area,
}

/// One tree of modules, and its rooms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Area {
    /// Folders or modules, from top to bottom. Each imports only those after it.
    order: Vec<Spanned<String>>,
    /// Groups of folders or modules that do not import each other.
    #[serde(default)]
    apart: Vec<Vec<String>>,
}

/// A module: its path without the extension, relative to the folder of its area.
struct Module {
    path: String,
    file: Utf8PathBuf,
    imports: Vec<Import>,
}

/// An import of another module of the same area.
struct Import {
    /// The specifier in the source.
    text: String,
    /// The path of the imported module, or of an item in it.
    target: String,
    span: Range<usize>,
    source: Arc<Source>,
}

/// Checks the imports of all rooms.
///
/// # Errors
///
/// Every import in the wrong direction, and every unlisted or missing room.
pub fn check(root: &Utf8Path) -> Result<(), Failure> {
    let source = Source::new(ROOMS, checkout::read(root, Utf8Path::new(ROOMS))?);
    let rooms: Rooms = toml::from_str(&source.text).map_err(|error| RoomError::Unreadable {
        file: ROOMS.into(),
        message: error.message().to_owned(),
        places: error.span().map(|span| source.wrong(span, "here")).into_iter().collect(),
    })?;
    let mut errors = rooms.templates.check("templates", &templates_modules(root)?, &source);
    errors.extend(rooms.xtask.check("xtask", &toolchain_modules(root)?, &source));
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
}

impl Area {
    /// Checks all modules of the area. `list` is the source of `xtask/rooms.toml`.
    fn check(&self, area: &str, modules: &[Module], list: &Arc<Source>) -> Vec<RoomError> {
        let mut errors = Vec::new();
        let mut unlisted: BTreeMap<&str, &Module> = BTreeMap::new();
        for module in modules {
            let Some(position) = self.position(&module.path) else {
                let folder = module.path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                // A module of the toolchain is a room, even as a single file.
                let room = match module.file.extension() {
                    Some("rs") => module.path.split('/').next().unwrap_or(folder),
                    _ => folder,
                };
                unlisted.entry(room).or_insert(module);
                continue;
            };
            errors.extend(module.imports.iter().filter_map(|import| {
                let target = self.position(&import.target);
                let is_main = area == "xtask" && !self.is_module(&import.target, modules);
                self.wrong_way(module, position, import, target, is_main)
                    .or_else(|| self.apart(module, import))
            }));
        }
        errors.extend(unlisted.into_iter().map(|(room, module)| RoomError::NotListed {
            file: module.file.clone(),
            area: area.to_owned(),
            room: room.to_owned(),
        }));
        let is_missing = |(index, _): &(usize, &Spanned<String>)| {
            !modules.iter().any(|module| self.position(&module.path) == Some(*index))
        };
        let missing = self.order.iter().enumerate().filter(is_missing);
        errors.extend(missing.map(|(_, room)| RoomError::NoRoom {
            room: room.get_ref().clone(),
            places: vec![list.wrong(room.span(), "no module is in it")],
        }));
        errors
    }

    /// The position of a module's room in the list: the longest path that contains the module.
    fn position(&self, path: &str) -> Option<usize> {
        let rooms = self.order.iter().enumerate();
        let holding = rooms.filter(|(_, room)| is_in(path, room.get_ref()));
        // The first of two equal entries wins.
        holding.rev().max_by_key(|(_, room)| room.get_ref().len()).map(|(index, _)| index)
    }

    /// Whether a path leads into a module other than [`MAIN`], and not to an item of it.
    fn is_module(&self, path: &str, modules: &[Module]) -> bool {
        let first = path.split('/').next().unwrap_or(path);
        first != MAIN && modules.iter().any(|module| is_in(&module.path, first))
    }

    fn wrong_way(
        &self,
        module: &Module,
        position: usize,
        import: &Import,
        target: Option<usize>,
        is_main: bool,
    ) -> Option<RoomError> {
        let name = |index: usize| self.order.get(index).map(|room| room.get_ref().clone());
        let other = match target {
            _ if is_main => MAIN.to_owned(),
            Some(target) if target < position => name(target)?,
            _ => return None,
        };
        let room = name(position)?;
        let advice = if is_main {
            format!("move the code that `{room}` needs from `{other}` into a module below `{room}`")
        } else {
            format!(
                "move the shared code into a room below `{room}`; if nothing in `{other}` imports `{room}`, move `{room}` above `{other}` in `{ROOMS}`"
            )
        };
        Some(RoomError::WrongWay {
            file: module.file.clone(),
            import: import.text.clone(),
            room,
            advice,
            places: vec![import.source.wrong(import.span.clone(), format!("belongs to `{other}`"))],
            other,
        })
    }

    fn apart(&self, module: &Module, import: &Import) -> Option<RoomError> {
        let member = |group: &Vec<String>, path: &str| {
            group.iter().find_map(|pattern| member(pattern, path).map(str::to_owned))
        };
        let pairs = self.apart.iter();
        let mut pairs = pairs.map(|it| member(it, &module.path).zip(member(it, &import.target)));
        let (room, other) = pairs.find_map(|pair| pair.filter(|(room, other)| room != other))?;
        Some(RoomError::Apart {
            file: module.file.clone(),
            import: import.text.clone(),
            places: vec![import.source.wrong(import.span.clone(), format!("belongs to `{other}`"))],
            room,
            other,
        })
    }
}

/// Whether a path is a room, or lies inside it.
fn is_in(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The part of a path that matches a pattern: the pattern itself, or, for a pattern ending in `*`,
/// the entry of the folder.
fn member<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    let Some(folder) = pattern.strip_suffix('*') else {
        return is_in(path, pattern).then(|| &path[..pattern.len()]);
    };
    let entry = path.strip_prefix(folder)?.split('/').next()?;
    // A folder's own module is not an entry: it declares them.
    (entry != "mod").then(|| &path[..folder.len() + entry.len()])
}

/// The modules of `templates/` that go into packages.
fn templates_modules(root: &Utf8Path) -> Result<Vec<Module>, Failure> {
    let modules = templates::paths(root)?.into_iter().map(|path| {
        let file = Utf8Path::new(templates::TEMPLATES).join(&path);
        let source = Source::new(file.as_str(), checkout::read(root, &file)?);
        let imports = relative_imports(&source, Language::of(path.as_str())).map_err(
            |JavaScriptError::Unreadable { message, places, .. }| RoomError::Unreadable {
                file: file.clone(),
                message,
                places,
            },
        )?;
        let imports = imports.into_iter().filter_map(|import| {
            let folder = path.parent().unwrap_or(Utf8Path::new(""));
            let target = beside(folder, &import.specifier)?;
            let (text, span) = (import.specifier, import.span);
            Some(Import { text, target, span, source: source.clone() })
        });
        let imports = imports.collect();
        Ok(Module { path: path.with_extension("").into_string(), file, imports })
    });
    Failure::collect(modules)
}

/// Resolves a relative specifier from a folder. Returns `None` outside the area.
fn beside(folder: &Utf8Path, specifier: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.iter().collect();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The modules of the toolchain but [`MAIN`].
fn toolchain_modules(root: &Utf8Path) -> Result<Vec<Module>, Failure> {
    let files = checkout::files(root, Utf8Path::new(TOOLCHAIN))?;
    let is_module = |path: &Utf8PathBuf| path.extension() == Some("rs") && path != "main.rs";
    let modules = files.into_iter().filter(is_module).map(|path| {
        let file = Utf8Path::new(TOOLCHAIN).join(&path);
        let source = Source::new(file.as_str(), checkout::read(root, &file)?);
        let path = path.with_extension("").into_string();
        let own = path.strip_suffix("/mod").unwrap_or(&path);
        let own: Vec<String> = own.split('/').map(str::to_owned).collect();
        let imports = rust_imports(&source.text, &own).map_err(|error| RoomError::Unreadable {
            file: file.clone(),
            message: error.to_string(),
            places: vec![source.wrong(error.span().byte_range(), "here")],
        })?;
        let imports = imports.into_iter().map(|import| Import {
            text: format!("crate::{}", import.path.join("::")),
            target: import.path.join("/"),
            span: import.span,
            source: source.clone(),
        });
        let imports = imports.collect();
        Ok(Module { path, file, imports })
    });
    Failure::collect(modules)
}
