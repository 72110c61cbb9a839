//! All errors with a code, for `cargo xtask explain`.
//!
//! Each error type is defined beside its module and listed here. This module therefore imports all
//! others, and only `main` imports it.

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

/// All entries, sorted by code.
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
