//! The types of realtime channels: right and wrong uses, with the schemas of zod, valibot and
//! arktype.

use anyhow::{Result, ensure};
use tests::project::install_with_templates;
use tests::tools::{Tools, run};

use crate::types::errors_of;

/// The project holds a wrong use per `@ts-expect-error`: TypeScript reports those without an error.
#[test]
fn channels_type_check_with_the_oldest_and_the_newest_typescript() -> Result<()> {
    let tools = Tools::get()?;
    let project = install_with_templates("realtime-types")?;
    run(tools.node().current_dir(&project).arg("generate.ts"))?;
    for mut tsc in [tools.oldest_tsc(), tools.tsc()] {
        let errors = errors_of(tsc.current_dir(&project).args(["-p", "."]))?;
        ensure!(errors.is_empty(), "{errors:#?}");
    }
    Ok(())
}
