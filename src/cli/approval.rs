//! Saved plans, consent on the terminal, and how it is said that a plan is not applied.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use rolecall::{
    files::disk::{self, Named},
    model::source::Sources,
    report::document::{Saved, attestation, read},
    workflow::{Judged, Refusal},
};
use serde_json::json;

use super::{Exit, Failure, Format, Output, output::document, output::trouble, show};

/// Most bytes of a saved plan: some millions of memberships.
const SIZE_LIMIT: u64 = 1 << 30;

/// A saved plan as it was read, once: what was looked at is what is applied.
pub(super) struct PlanFile {
    path: PathBuf,
    text: String,
    /// The id of the key whose signature was asked for.
    pub(super) signed_by: Option<String>,
}

impl PlanFile {
    /// Reads a saved plan, and makes sure that it is signed by one of the keys in a file where that is asked for.
    pub(super) fn read(path: PathBuf, signers: Option<&Path>) -> Result<Self, Failure> {
        let text =
            read_text("the plan", &path).map_err(|it| it.hint("save one with `rolecall plan --out FILE`"))?;
        let signed_by = signers.map(|signers| {
            let keys = read_text("the public keys", signers).map_err(|it| {
                it.hint("write them with `openssl pkey -in key.pem -pubout`, one after the other")
            })?;
            let signature = read_text("the signature", &signature_of(&path))
                .map_err(|it| it.hint("make it with `rolecall plan --out FILE --sign KEY`"))?;
            attestation::verify(&text, &signature, keys.as_bytes())
                .map_err(|error| Failure::invalid(format!("{}: {error}", path.display())).hint(error.hint()))
        });
        Ok(Self { signed_by: signed_by.transpose()?, path, text })
    }

    /// The document, as it was read.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The plan, with places that point into these files.
    pub(super) fn plan(&self, sources: Sources) -> Result<Saved, Failure> {
        read(&self.text, sources).map_err(|error| {
            let hint = error.hint();
            Failure::invalid(format!("{}: {error}", self.path.display())).hint(hint)
        })
    }
}

/// The file beside a plan that holds its signature.
pub(super) fn signature_of(plan: &Path) -> PathBuf {
    let mut name = plan.as_os_str().to_owned();
    name.push(".intoto.json");
    name.into()
}

fn read_text(what: &str, path: &Path) -> Result<String, Failure> {
    disk::text(path, Named::ByCaller, SIZE_LIMIT)
        .map_err(|error| Failure::invalid(format!("cannot read {what} {}: {error}", path.display())))
}

/// Asks on the terminal; only a whole `yes` counts.
pub(super) async fn consent(output: &Output, question: &str) -> Result<(), Failure> {
    output.message("");
    let _ = write!(io::stderr(), "{question} Only `yes` is accepted: ");
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    match answer.await {
        Ok(Ok(answer)) if answer.trim() == "yes" => Ok(()),
        _ => Err(Failure::invalid("not approved; nothing was changed")),
    }
}

/// Says why a plan is not applied, after the plan or together with it.
pub(super) fn refused(judged: &Judged, refusal: &Refusal, output: &Output) -> Exit {
    let exit = Exit::from(refusal);
    let (message, causes, hint) = (refusal.to_string(), refusal.reasons(judged.plan()), refusal.hint());
    output.events.send("refused", json!({ "message": message, "causes": causes }));
    if output.format == Format::Json {
        let error = json!({ "message": message, "causes": causes, "hint": hint });
        let plan = show::document(&judged.context, judged);
        let facts =
            json!({ "exit": exit.code(), "result": exit.name(), "plan": plan, "groups": [], "error": error });
        output.result(&document("apply", &facts));
    }
    output.message(&trouble(&message, &causes, Some(hint)));
    exit
}
