//! The types of realtime channels: right and wrong uses, with the schemas of zod, valibot and
//! arktype, and what editors suggest.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Result, ensure};
use tests::once::Once;
use tests::project::install_with_templates;
use tests::tools::{Tools, run};

use crate::types::errors_of;

/// The project holds a wrong use per `@ts-expect-error`: TypeScript reports those without an error.
#[test]
fn channels_type_check_with_the_oldest_and_the_newest_typescript() -> Result<()> {
    let tools = Tools::get()?;
    for mut tsc in [tools.oldest_tsc(), tools.tsc()] {
        let errors = errors_of(tsc.current_dir(project()?).args(["-p", "."]))?;
        ensure!(errors.is_empty(), "{errors:#?}");
    }
    Ok(())
}

/// The newest TypeScript has no service for editors that a script can call.
#[test]
fn editors_suggest_the_names_of_a_channel() -> Result<()> {
    let tools = Tools::get()?;
    run(tools.node().current_dir(project()?).arg("completions.ts").arg(tools.modules()))
}

/// The project, with the declarations that the integration writes for its channels.
fn project() -> Result<&'static Path> {
    static PROJECT: LazyLock<Once<PathBuf>> = LazyLock::new(Once::default);
    let project = PROJECT.get(|| {
        let project = install_with_templates("realtime-types")?;
        run(Tools::get()?.node().current_dir(&project).arg("generate.ts"))?;
        Ok(project)
    })?;
    Ok(project)
}
