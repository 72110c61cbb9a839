//! A collection of errors.

use crate::{Explain, Report};

/// The errors of a failed operation, of any error types.
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
    /// A failure with these errors.
    pub fn of<E: Explain>(errors: impl IntoIterator<Item = E>) -> Self {
        Self(errors.into_iter().map(Report::from).collect())
    }

    /// Several failures as one; `None` if there is none.
    #[must_use]
    pub fn all(failures: Vec<Self>) -> Option<Self> {
        let reports: Vec<Report> = failures.into_iter().flat_map(|failure| failure.0).collect();
        (!reports.is_empty()).then_some(Self(reports))
    }

    /// All values if every result is `Ok`, otherwise all errors, in order.
    ///
    /// # Errors
    /// All errors, as one failure.
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

    /// Puts `name` before each message that does not contain it.
    #[must_use]
    pub fn about(mut self, name: &str) -> Self {
        for report in self.0.iter_mut().filter(|report| !report.message.contains(name)) {
            report.message = format!("{name}: {}", report.message);
        }
        self
    }

    /// All errors, one by one.
    #[must_use]
    pub fn reports(&self) -> &[Report] {
        &self.0
    }

    /// The exit code for the process: the highest of all errors.
    #[must_use]
    pub fn exit(&self) -> u8 {
        self.0.iter().map(|report| report.exit).max().unwrap_or(1)
    }
}
