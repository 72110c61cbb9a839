//! Errors of `lint` about imports between rooms.

use camino::Utf8PathBuf;
use diagnostics::{Explain, Place};

/// Imports that break the order in `xtask/rooms.toml`.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum RoomError {
    /// A room imports a room above it
    ///
    /// `xtask/rooms.toml` lists the rooms of the code: folders of `templates/` and modules of
    /// `xtask/src/`. A room imports only the rooms below it in the list. You can then read and test
    /// it without the rooms above.
    #[error("`{file}` imports `{import}`, but the room `{other}` is above `{room}`")]
    #[explain(code = "B029", help = "{advice}")]
    WrongWay {
        file: Utf8PathBuf,
        import: String,
        room: String,
        other: String,
        advice: String,
        places: Vec<Place>,
    },

    /// A room imports a room it must not know
    ///
    /// `apart` in `xtask/rooms.toml` holds groups of paths that must not import each other, for
    /// example the commands of the toolchain. `*` matches each entry of a folder.
    #[error("`{file}` imports `{import}`, but `{room}` and `{other}` must stay apart")]
    #[explain(
        code = "B030",
        help = "move the code shared by `{room}` and `{other}` into a room below both"
    )]
    Apart { file: Utf8PathBuf, import: String, room: String, other: String, places: Vec<Place> },

    /// A room is not listed
    ///
    /// Every module belongs to a room in `xtask/rooms.toml`. Imports of an unlisted folder would go
    /// unchecked.
    #[error("`{file}` belongs to no room: `{room}` is not listed")]
    #[explain(
        code = "B031",
        help = "move the file into a room, or add \"{room}\" to `order` under `[{area}]` in `xtask/rooms.toml`, above every room that it imports"
    )]
    NotListed { file: Utf8PathBuf, area: String, room: String },

    /// A listed room does not exist
    ///
    /// No module belongs to this entry of `xtask/rooms.toml`. Its folder was renamed or removed, or
    /// the entry is misspelt or listed twice.
    #[error("the room `{room}` does not exist")]
    #[explain(code = "B032", help = "fix or remove the marked entry")]
    NoRoom { room: String, places: Vec<Place> },

    /// A file cannot be parsed
    ///
    /// `xtask/rooms.toml` is not valid, or a module does not parse.
    #[error("`{file}` cannot be parsed: {message}")]
    #[explain(code = "B033", help = "fix the marked place")]
    Unreadable { file: Utf8PathBuf, message: String, places: Vec<Place> },
}
