//! What rules look at, for engines outside of this program. Only reads, and judges nothing.

use super::{Checked, Error, Live, Wanted, planned::planned};
use crate::{
    files::declared::{DeclaredLaw, DeclaredPolicy},
    model::{
        date::Now,
        expression::Rule,
        rules::Severity,
        source::{FileId, Place},
    },
    plan::{
        effective::Sides,
        policy::rows::{Rows, rows},
    },
};

/// The rule by which as much is read as any rule may look at: about everybody, and roles outside groups as well.
const EVERYTHING: &str = "access.home == \"\"";
/// What it is called; no file can say that.
const NAME: &str = "";

/// Every row that a rule of the workspace would look at, whatever rules it has.
///
/// # Errors
///
/// As for a plan, and where dates would be judged by a clock that is far from the server's.
pub async fn facts(live: &Live, checked: &mut Checked, now: Now) -> Result<Rows, Error> {
    let Ok(rule) = Rule::new(None, EVERYTHING) else { unreachable!("the expression is sound") };
    checked.declared.rules.policies.push(DeclaredPolicy {
        name: NAME.into(),
        severity: Severity::Warn,
        strict: false,
        reason: None,
        company: None,
        groups: Vec::new(),
        law: DeclaredLaw::Rule { rule },
        from: Place::new(FileId(0), 1, 1),
    });
    let timed = !now.is_given && checked.declared.has_dates();
    let found = planned(live, checked, Wanted::Files, now.at).await?;
    if let Some(skew) = live.source.skew().filter(|it| timed && it.is_far()) {
        return Err(Error::Clock(skew));
    }
    let mut rules = found.rules;
    rules.tell_files(&found.sources);
    let rule = rules.policies.iter().find(|it| &*it.name == NAME).expect("it was added above");
    Ok(rows(&Sides::new(&found.plan), &rules, rule, now.at))
}
