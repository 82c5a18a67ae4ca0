//! Where a plan is saved, and who vouches for it.

use std::{fmt::Display, path::PathBuf};

use clap::Args;
use rolecall::{report::document::attestation, workflow::Judged};
use secrecy::ExposeSecret;

use super::{Failure, Global, approval::signature_of, credentials::secret_file, files::keep, show};

#[derive(Debug, Args)]
pub(super) struct Saving {
    /// Also save the plan, for `rolecall apply FILE`
    #[arg(long, value_name = "FILE", env = "ROLECALL_OUT", value_parser = super::json_file())]
    pub(super) out: Option<PathBuf>,
    /// Sign the saved plan with this Ed25519 key (PEM), for `rolecall apply --require-signed`
    #[arg(long, value_name = "KEY", env = "ROLECALL_SIGN", requires = "out")]
    pub(super) sign: Option<PathBuf>,
}

impl Saving {
    /// Refuses to be given beside a flag that makes no plan to save.
    pub(super) fn none(&self, beside: &str) -> Result<(), Failure> {
        if self.out.is_none() {
            return Ok(());
        }
        Err(Failure::invalid(format!(
            "`{beside}` writes the files, and leaves no plan that `--out` could save"
        ))
        .hint("plan again once the files are written, with `--out`"))
    }

    /// Saves the plan where that is asked for.
    pub(super) fn save(&self, judged: &Judged, global: &Global) -> Result<(), Failure> {
        let Some(out) = &self.out else { return Ok(()) };
        let (path, text) = (global.at(out), show::written(&judged.context, judged));
        let Some(key) = &self.sign else { return keep("plan", &path, &text) };
        let failed = |why: &dyn Display| format!("cannot sign with {}: {why}", key.display());
        let pem = secret_file(&global.at(key)).map_err(|error| Failure::invalid(failed(&error)))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let signature = attestation::sign(&text, &name, pem.expose_secret().as_bytes())
            .map_err(|error| Failure::invalid(failed(&error)).hint(error.hint()))?;
        keep("plan", &path, &text)?;
        keep("signature", &signature_of(&path), &signature)
    }
}
