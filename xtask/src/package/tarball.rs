//! Writes a package's tarball as `npm pack` does: the same entries, in the same order, with the
//! same headers. The same files make the same bytes.
//!
//! Sources: `npm-packlist` (order), `pacote` (`tar-create-options.js`), `node-tar` (headers).

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    io::{self, Write as _},
};

use flate2::{Compression, GzBuilder};

/// 1985-10-26T08:15:00Z in seconds since 1970: npm's date for every file, because zip archives
/// cannot hold dates before 1980.
const MODIFIED: u64 = 499_162_500;

/// "Unknown" in the field for the system that made the stream (RFC 1952, section 2.3.1).
const UNKNOWN_SYSTEM: u8 = 255;

const BLOCK: usize = 512;

/// The tarball of a package with these files, by their paths inside the package.
///
/// # Errors
///
/// None that memory can cause; the type is that of the streams it is written with.
pub fn pack(files: &BTreeMap<String, Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new()
        .operating_system(UNKNOWN_SYSTEM)
        .mtime(0)
        // The highest level takes twice the time for a third of a percent.
        .write(Vec::new(), Compression::default());
    gzip.write_all(&archive(files))?;
    gzip.finish()
}

fn archive(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut paths: Vec<&String> = files.keys().collect();
    paths.sort_by(|left, right| order(left, right));
    let mut archive = Vec::new();
    for path in paths {
        let bytes = &files[path];
        entry(&mut archive, &format!("package/{path}"), bytes);
    }
    archive.extend([0; 2 * BLOCK]);
    archive
}

/// One file: a header for what ustar cannot hold, where there is such a thing, the header, and the
/// content up to the next block.
fn entry(archive: &mut Vec<u8>, path: &str, bytes: &[u8]) {
    let (prefix, name, fits) = split(path);
    if !fits || !path.is_ascii() {
        let base = path.rsplit('/').next().unwrap_or(path);
        let records = [
            record("path", path),
            record("mtime", &MODIFIED.to_string()),
            record("size", &bytes.len().to_string()),
        ]
        .concat();
        let name = format!("PaxHeader/{base}");
        archive.extend(header("", truncate(&name, 99), b'x', records.len()));
        content(archive, records.as_bytes());
    }
    archive.extend(header(prefix, name, b'0', bytes.len()));
    content(archive, bytes);
}

fn content(archive: &mut Vec<u8>, bytes: &[u8]) {
    archive.extend(bytes);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}

/// A ustar header (POSIX pax, "ustar Interchange Format"). npm leaves user and group empty.
fn header(prefix: &str, name: &str, kind: u8, size: usize) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |offset: usize, text: &str| {
        header[offset..offset + text.len()].copy_from_slice(text.as_bytes());
    };
    put(0, name);
    put(100, "000644 ");
    put(124, &format!("{size:010o} "));
    put(136, &format!("{MODIFIED:010o} "));
    // The sum is made with spaces in its place.
    put(148, "        ");
    put(257, "ustar\x0000");
    put(329, "000000 ");
    put(337, "000000 ");
    put(345, prefix);
    header[156] = kind;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o} \0").as_bytes());
    header
}

/// Prefix and name of a path, and whether both fit: 155 and 100 bytes.
fn split(path: &str) -> (&str, &str, bool) {
    if path.len() < 100 {
        return ("", path, true);
    }
    for (slash, _) in path.rmatch_indices('/') {
        let (prefix, name) = (&path[..slash], &path[slash + 1..]);
        if prefix.len() <= 155 {
            return if name.len() <= 100 {
                (prefix, name, true)
            } else {
                (prefix, truncate(name, 99), false)
            };
        }
    }
    ("", truncate(path, 99), false)
}

/// The longest start of a text of at most `length` bytes.
fn truncate(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

/// A record of a pax header, which begins with its own length: `18 path=package/x\n`.
fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}")
}

/// By extension, base name and path, as `npm-packlist` sorts so that similar files are neighbours.
fn order(left: &str, right: &str) -> Ordering {
    let key = |path: &str| {
        let base = path.rsplit('/').next().unwrap_or(path).to_lowercase();
        // Node's `extname`: a dot at the start makes a hidden file, not an extension.
        let extension = match base.rfind('.') {
            None | Some(0) => String::new(),
            Some(dot) => base[dot..].to_owned(),
        };
        (extension, base)
    };
    let ((left_extension, left_base), (right_extension, right_base)) = (key(left), key(right));
    collate(&left_extension, &right_extension)
        .then_with(|| collate(&left_base, &right_base))
        .then_with(|| collate(left, right))
        .then_with(|| left.cmp(right))
}

/// `localeCompare` of the locale `en` for ASCII: punctuation, digits, letters, and only if all else
/// is equal lower case before upper case. Other characters come after, by code point.
fn collate(left: &str, right: &str) -> Ordering {
    const PUNCTUATION: &str = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
    let weight = |character: char| match PUNCTUATION.find(character) {
        Some(index) => (0, index as u32),
        None if character.is_ascii_digit() => (1, u32::from(character)),
        None => (2, u32::from(character.to_ascii_lowercase())),
    };
    let is_upper = |character: char| character.is_ascii_uppercase();
    left.chars()
        .map(weight)
        .cmp(right.chars().map(weight))
        .then_with(|| left.chars().map(is_upper).cmp(right.chars().map(is_upper)))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, io::Read as _, path::Path, process::Command};

    use super::{archive, collate, pack};
    use crate::upstream::Integrity;

    fn sample() -> BTreeMap<String, Vec<u8>> {
        let long = "x".repeat(110);
        let paths = [
            "package.json",
            "LICENSE",
            "README.md",
            "types.d.ts",
            ".hidden",
            "dist/index.js",
            "dist/utils/index.js",
            "dist/index.d.ts",
            "dist/a-b/x.js",
            "dist/ab/x.js",
            "dist/a_b.js",
            "dist/a-b.js",
            "dist/a.b.js",
            "dist/B.js",
            "dist/_c.js",
            "dist/a10.js",
            "dist/a9.js",
            "dist/[id].js",
            "dist/@x.js",
            "dist/a+b.js",
            "dist/a b.js",
            "dist/Cap.JS",
            "dist/x.mjs",
            "dist/a~b.js",
            "dist/a$b.js",
            "dist/a(b).js",
            "dist/a{b}.js",
            "dist/a,b.js",
            "dist/a;b.js",
            "dist/a'b.js",
            "dist/a=b.js",
            "dist/a&b.js",
            "dist/a#b.js",
            "dist/a%b.js",
            "dist/a^b.js",
            "dist/a`b.js",
            "dist/a.zé",
            "dist/websocket/server.js",
        ];
        let mut files: BTreeMap<String, Vec<u8>> = paths
            .iter()
            .map(|path| ((*path).to_owned(), format!("// {path}\n").into_bytes()))
            .collect();
        files.insert(
            "package.json".into(),
            b"{\"name\":\"sample\",\"version\":\"1.0.0\"}\n".to_vec(),
        );
        files.insert("dist/empty.js".into(), Vec::new());
        files.insert("dist/block.js".into(), vec![b'a'; 512]);
        for path in [
            format!("dist/{long}.js"),
            format!("dist/{long}/deep.js"),
            format!("dist/{}/{}.js", "y".repeat(60), "z".repeat(60)),
            format!("dist/{}/{}.js", "v".repeat(100), "w".repeat(100)),
            format!("dist/{}.js", "u".repeat(83)),
        ] {
            files.insert(path, b"long".to_vec());
        }
        files
    }

    fn gunzip(tarball: &[u8]) -> Vec<u8> {
        let mut archive = Vec::new();
        flate2::read::GzDecoder::new(tarball).read_to_end(&mut archive).unwrap();
        archive
    }

    fn listing(archive: &[u8]) -> Vec<String> {
        let mut reader = tar::Archive::new(archive);
        let entries = reader.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            format!(
                "{} {:o} {} {}",
                String::from_utf8_lossy(&entry.path_bytes()),
                header.mode().unwrap(),
                header.mtime().unwrap(),
                header.size().unwrap()
            )
        });
        entries.collect()
    }

    #[test]
    fn the_archive_is_that_of_npm_pack_byte_for_byte() {
        let folder = std::env::temp_dir().join(format!("zastro-pack-{}", std::process::id()));
        for (path, bytes) in sample() {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let status = Command::new(npm)
            .args(["pack", "--silent", "--ignore-scripts"])
            .current_dir(&folder)
            .output()
            .unwrap()
            .status;
        assert!(status.success());
        let theirs = gunzip(&fs::read(Path::new(&folder).join("sample-1.0.0.tgz")).unwrap());
        fs::remove_dir_all(&folder).unwrap();
        let ours = archive(&sample());
        assert_eq!(listing(&ours), listing(&theirs));
        assert!(ours == theirs, "the headers differ");
    }

    #[test]
    fn the_same_files_make_the_same_bytes() {
        let tarball = pack(&sample()).unwrap();
        assert_eq!(tarball, pack(&sample()).unwrap());
        // Magic, deflate, no flags, no date, ordinary compression, no system (RFC 1952).
        assert_eq!(tarball[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        assert_eq!(gunzip(&tarball), archive(&sample()));
    }

    /// Changes with the zlib that is linked: then what was tested on one machine is not what another
    /// would publish.
    #[test]
    fn every_machine_makes_the_same_bytes() {
        let integrity = Integrity::of(&pack(&sample()).unwrap()).to_string();
        assert_eq!(
            integrity,
            "sha512-PQgpW5mR4YhU8H9Pya3RJLh3OD+9omkaonYsYRmgTCUjJlBenNrbAxrN9FkirFCzZ9bm+F3CS9+u4rPGd1U4WQ=="
        );
    }

    #[test]
    fn what_is_packed_can_be_read_again() {
        let archive = archive(&sample());
        let mut reader = tar::Archive::new(archive.as_slice());
        let files = reader.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (path.strip_prefix("package/").unwrap().to_owned(), bytes)
        });
        assert_eq!(files.collect::<BTreeMap<_, _>>(), sample());
    }

    #[test]
    fn case_decides_only_where_nothing_else_does() {
        let mut names = ["B", "a", "b", "A", "ab", "a-b", "a1"];
        names.sort_by(|left, right| collate(left, right));
        assert_eq!(names, ["a", "A", "a-b", "a1", "ab", "b", "B"]);
    }
}
