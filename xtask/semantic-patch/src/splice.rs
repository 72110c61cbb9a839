//! Splices: the only way to change a source.
//!
//! A splice replaces a span with new text and copied parts of the source. A splice inside a copied
//! part still applies, so edits nest. Bytes outside all splices are unchanged.

use std::ops::Range;

/// A part of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// New text.
    Text(String),
    /// Bytes of the source. Other splices inside them still apply.
    Copy(Range<usize>),
}

impl Part {
    /// New text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A change to a source: `parts` replace `span`.
#[derive(Debug, Clone)]
pub struct Splice {
    /// Bytes of the source; empty for an insertion.
    pub span: Range<usize>,
    /// The replacement.
    pub parts: Vec<Part>,
    /// The index of its edit.
    pub edit: usize,
}

/// A source with all splices applied.
#[derive(Debug, Default)]
pub struct Spliced {
    /// The new text.
    pub text: String,
    /// The byte ranges of the new text that come from each edit.
    pub brought: Vec<(Range<usize>, usize)>,
}

/// Two splices that change the same bytes: their indexes in the list.
#[derive(Debug, PartialEq, Eq)]
pub struct Conflict(pub usize, pub usize);

/// Applies splices in any order. Insertions at the same position keep the order of the list.
pub fn splice(source: &str, splices: &[Splice]) -> Result<Spliced, Conflict> {
    let mut order: Vec<usize> = (0..splices.len()).collect();
    order.sort_by_key(|index| {
        let span = &splices[*index].span;
        // Outer splices before inner ones; an insertion before a splice that starts at the same
        // position.
        (span.start, !span.is_empty(), usize::MAX - span.end, *index)
    });
    let mut spliced = Spliced::default();
    Splicer { source, splices }.region(0..source.len(), &order, &mut spliced)?;
    Ok(spliced)
}

struct Splicer<'s> {
    source: &'s str,
    splices: &'s [Splice],
}

impl Splicer<'_> {
    /// Writes `region` of the source with the splices of `order`, which all lie inside it.
    fn region(
        &self,
        region: Range<usize>,
        order: &[usize],
        spliced: &mut Spliced,
    ) -> Result<(), Conflict> {
        let mut position = region.start;
        let mut rest = order;
        while let Some((&index, behind)) = rest.split_first() {
            let outer = &self.splices[index];
            let inside = behind
                .iter()
                .take_while(|&&other| self.splices[other].span.start < outer.span.end)
                .count();
            let (inside, behind) = behind.split_at(inside);
            spliced.text.push_str(&self.source[position..outer.span.start]);
            self.one(index, inside, spliced)?;
            position = outer.span.end;
            rest = behind;
        }
        spliced.text.push_str(&self.source[position..region.end]);
        Ok(())
    }

    /// Writes one splice. Splices inside it must lie in a part that it copies.
    fn one(&self, index: usize, inside: &[usize], spliced: &mut Spliced) -> Result<(), Conflict> {
        let splice = &self.splices[index];
        let lies_in = |other: usize, copied: &Range<usize>| {
            let span = &self.splices[other].span;
            copied.start <= span.start && span.end <= copied.end
        };
        let copied =
            |part: &Part| if let Part::Copy(span) = part { Some(span.clone()) } else { None };
        let is_homeless = |&&other: &&usize| {
            self.splices[other].span == splice.span
                || !splice.parts.iter().filter_map(copied).any(|span| lies_in(other, &span))
        };
        if let Some(&other) = inside.iter().find(is_homeless) {
            return Err(Conflict(index, other));
        }
        for part in &splice.parts {
            match part {
                Part::Text(text) => {
                    let start = spliced.text.len();
                    spliced.text.push_str(text);
                    spliced.brought.push((start..spliced.text.len(), splice.edit));
                }
                Part::Copy(span) => {
                    let order: Vec<usize> =
                        inside.iter().copied().filter(|other| lies_in(*other, span)).collect();
                    self.region(span.clone(), &order, spliced)?;
                }
            }
        }
        Ok(())
    }
}
