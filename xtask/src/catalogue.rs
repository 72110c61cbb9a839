//! Every error that has a code, for `cargo xtask explain`.
//!
//! An error type stands beside the module that it is of, and is named here. So this module imports
//! all others, and none imports it but `main`.

use diagnostics::{Entry, Explain as _};
use javascript::JavaScriptError;
use semantic_patch::PatchError;

use crate::{
    adapter::AdapterError,
    checkout::CheckoutError,
    commands::{
        explain::ExplainError, lint::RoomError, notes::NotesError, publish::PublishError,
        sweep::SweepError,
    },
    compile::CompileError,
    node_versions::NodeError,
    output::OutputError,
    package::PackageError,
    pipeline::PipelineError,
    program::ProgramError,
    proposal::ProposalError,
    review::ReviewError,
    suites::SuiteError,
    upstream::{ArchiveError, GitError, ProvenanceError, UpstreamError},
    usage::UsageError,
};

/// All entries, in the order of their codes.
pub fn entries() -> Vec<&'static Entry> {
    let all = [
        AdapterError::CATALOGUE,
        ArchiveError::CATALOGUE,
        CheckoutError::CATALOGUE,
        CompileError::CATALOGUE,
        ExplainError::CATALOGUE,
        GitError::CATALOGUE,
        JavaScriptError::CATALOGUE,
        NodeError::CATALOGUE,
        NotesError::CATALOGUE,
        OutputError::CATALOGUE,
        PackageError::CATALOGUE,
        PatchError::CATALOGUE,
        PipelineError::CATALOGUE,
        ProgramError::CATALOGUE,
        ProposalError::CATALOGUE,
        ProvenanceError::CATALOGUE,
        PublishError::CATALOGUE,
        ReviewError::CATALOGUE,
        RoomError::CATALOGUE,
        SuiteError::CATALOGUE,
        SweepError::CATALOGUE,
        UpstreamError::CATALOGUE,
        UsageError::CATALOGUE,
    ];
    let mut entries: Vec<&Entry> = all.into_iter().flatten().collect();
    entries.sort_by_key(|entry| entry.code);
    entries
}
