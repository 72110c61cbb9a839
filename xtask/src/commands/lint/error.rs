//! What `lint` says of imports between rooms.

use camino::Utf8PathBuf;
use diagnostics::{Explain, Place};

/// The rooms of the code do not import each other as `xtask/rooms.toml` says.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum RoomError {
    /// A room imports one that stands above it
    ///
    /// `xtask/rooms.toml` lists the rooms of the code: folders of `templates/`, and modules of
    /// `xtask/src/`. A room imports only rooms that stand below it in its list, so that it can be read
    /// and tested without those above.
    #[error("`{file}` imports `{import}`, but the room `{other}` stands above `{room}`")]
    #[explain(code = "B029", help = "{advice}")]
    WrongWay {
        file: Utf8PathBuf,
        import: String,
        room: String,
        other: String,
        advice: String,
        places: Vec<Place>,
    },

    /// A room imports one that it has to stay apart from
    ///
    /// `apart` in `xtask/rooms.toml` holds groups of paths that do not import each other, for example
    /// the commands of the toolchain. `*` stands for each entry of a folder.
    #[error("`{file}` imports `{import}`, but `{room}` and `{other}` stay apart")]
    #[explain(
        code = "B030",
        help = "move the code that `{room}` and `{other}` need into a room below both"
    )]
    Apart { file: Utf8PathBuf, import: String, room: String, other: String, places: Vec<Place> },

    /// A room is not listed
    ///
    /// Every module belongs to a room of `xtask/rooms.toml`. A folder that is not listed there, and in
    /// no folder that is, could import anything.
    #[error("`{file}` belongs to no room: `{room}` is not listed")]
    #[explain(
        code = "B031",
        help = "move the file into a room, or add \"{room}\" to `order` under `[{area}]` in `xtask/rooms.toml`, above every room that it imports"
    )]
    NotListed { file: Utf8PathBuf, area: String, room: String },

    /// A listed room does not exist
    ///
    /// No module belongs to this entry of `xtask/rooms.toml`: its folder was renamed or removed, or
    /// the entry is misspelt or listed twice.
    #[error("there is no room `{room}`")]
    #[explain(code = "B032", help = "correct or remove the marked entry")]
    NoRoom { room: String, places: Vec<Place> },

    /// A file with imports cannot be read
    ///
    /// `xtask/rooms.toml` is not valid, or a module does not parse.
    #[error("`{file}` cannot be read: {message}")]
    #[explain(code = "B033", help = "correct the marked place")]
    Unreadable { file: Utf8PathBuf, message: String, places: Vec<Place> },
}
