//! What is true of the repository and of every package, whatever the runtime.

mod drift;
mod forms;
mod pins;
mod readme;
mod templates;
mod types;
