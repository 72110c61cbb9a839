//! Everything that was wrong at once.

use crate::{Explain, Report};

/// The end of a piece of work that failed, with everything that was wrong, whatever its types were.
#[derive(Debug, Clone)]
pub struct Failure(Vec<Report>);

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::of([error])
    }
}

impl<E: Explain> From<Vec<E>> for Failure {
    fn from(errors: Vec<E>) -> Self {
        Self::of(errors)
    }
}

impl Failure {
    /// Everything that was wrong at once.
    pub fn of<E: Explain>(errors: impl IntoIterator<Item = E>) -> Self {
        Self(errors.into_iter().map(Report::from).collect())
    }

    /// Several failures as one; `None` if there is none.
    #[must_use]
    pub fn all(failures: Vec<Self>) -> Option<Self> {
        let reports: Vec<Report> = failures.into_iter().flat_map(|failure| failure.0).collect();
        (!reports.is_empty()).then_some(Self(reports))
    }

    /// What has succeeded if nothing failed, else everything that was wrong, in the order of both.
    ///
    /// # Errors
    /// Everything that was wrong, as one.
    pub fn collect<T>(results: impl IntoIterator<Item = Result<T, Self>>) -> Result<Vec<T>, Self> {
        let (mut succeeded, mut failures) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(success) => succeeded.push(success),
                Err(failure) => failures.push(failure),
            }
        }
        Self::all(failures).map_or(Ok(succeeded), Err)
    }

    /// The same, with the name of what it is about before each sentence that does not hold it.
    #[must_use]
    pub fn about(mut self, name: &str) -> Self {
        for report in self.0.iter_mut().filter(|report| !report.message.contains(name)) {
            report.message = format!("{name}: {}", report.message);
        }
        self
    }

    /// Everything that was wrong, one by one.
    #[must_use]
    pub fn reports(&self) -> &[Report] {
        &self.0
    }

    /// The exit code of a process that ends with this: the highest of all.
    #[must_use]
    pub fn exit(&self) -> u8 {
        self.0.iter().map(|report| report.exit).max().unwrap_or(1)
    }
}
