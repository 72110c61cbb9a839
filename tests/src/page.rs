//! The code blocks on the pages.

use std::fs;

use anyhow::{Context, Result};

use crate::locations::repository;

/// What the first comment of a block ends with that is for one of the older Astros.
const ON_OLDER: [&str; 2] = [", on Astro 5", ", on Astro 4"];

/// A fenced code block.
pub struct Block {
    /// The word behind the fence.
    pub language: String,
    /// The lines.
    pub text: String,
}

impl Block {
    /// The file named by the first comment, which is in the frontmatter of an Astro file.
    pub fn file(&self) -> Result<&str> {
        let first = self.text.lines().find(|line| *line != "---").unwrap_or_default();
        let of_html = first.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let name = first.strip_prefix("// ").or_else(|| first.strip_prefix("# ")).or(of_html);
        name.with_context(|| format!("a block without the name of its file:\n{}", self.text))
    }

    /// Whether it is for one of the older Astros.
    pub fn is_for_an_older_astro(&self) -> bool {
        self.file().is_ok_and(|file| ON_OLDER.iter().any(|end| file.ends_with(end)))
    }
}

/// The fenced code blocks of a page.
pub fn blocks(page: &str) -> Result<Vec<Block>> {
    let text = fs::read_to_string(repository().join(page))?;
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { language: language.to_owned(), text: String::new() })
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    Ok(blocks)
}
