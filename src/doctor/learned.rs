//! What a probe learned of an API's dialect: findings, and the lines to paste into `rolecall.yaml`.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    model::{
        dialect::{
            GroupRole, GroupUpdate, MemberRemovalField, PredicateForm, RolesToDelete, ScopeChange, UserDelete,
        },
        escape,
        ids::CompanyId,
        json::document,
    },
    report::render::counted,
};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const UNKNOWN: Style = AnsiColor::Yellow.on_default();

/// The fields of a dialect as far as they were learned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Learned {
    pub member_removal_field: Option<MemberRemovalField>,
    pub roles_to_delete: Option<RolesToDelete>,
    pub group_role: Option<GroupRole>,
    pub predicate: Option<PredicateForm>,
    pub scope_change: Option<ScopeChange>,
    pub group_update: Option<GroupUpdate>,
    /// Only where accounts were tried.
    pub user_delete: Option<UserDelete>,
    /// Rows of a page that were asked for and came.
    pub page_limit: Option<u32>,
}

/// One thing that was tried, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Finding {
    pub name: &'static str,
    /// What it is, or `unknown`.
    pub verdict: String,
    pub fact: String,
}

/// A group or account of a probe that is, or may be, still there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Left {
    /// Its id; empty where it is not known whether it was made.
    pub id: String,
    pub name: String,
    pub why: String,
}

/// The whole result of a probe.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Probed {
    pub learned: Learned,
    pub findings: Vec<Finding>,
    /// Names of the groups that were made, and are gone.
    pub deleted: Vec<String>,
    /// Accounts of its own, which are deactivated, as nothing erases them.
    pub deactivated: Vec<String>,
    /// Whether it tried accounts, and no groups.
    pub of_accounts: bool,
    /// What it made, or may have made, and could not delete.
    pub left: Vec<Left>,
    /// Groups of earlier probes that it found and left alone; accounts of theirs that were active, and that it deletes.
    pub earlier: Vec<Left>,
    pub cut_short: Option<String>,
}

#[expect(missing_docs, reason = "the names say it")]
impl Probed {
    pub fn made_something(&self) -> bool {
        !self.deleted.is_empty() || !self.left.is_empty() || !self.deactivated.is_empty()
    }

    pub fn what_is_left(&self) -> Option<String> {
        let what = match self.of_accounts {
            true => counted(self.left.len(), "account of the probe", "accounts of the probe"),
            false => counted(self.left.len(), "group of the probe", "groups of the probe"),
        };
        let known = self.left.iter().all(|it| !it.id.is_empty());
        let how = match (known, self.left.len()) {
            (_, 0) => return None,
            (false, _) => "may still be there",
            (true, 1) => "is still there",
            (true, _) => "are still there",
        };
        Some(format!("{what} {how}"))
    }
}

impl Learned {
    /// Each field's name and its value, null where it was not learned.
    fn fields(&self, of_accounts: bool) -> impl Iterator<Item = (&'static str, Value)> {
        let all = serde_json::to_value(self).unwrap_or_default();
        let names = match of_accounts {
            true => "userDelete",
            false => "memberRemovalField rolesToDelete groupRole predicate scopeChange groupUpdate pageLimit",
        };
        names.split(' ').map(move |it| (it, all[it].clone()))
    }

    /// Returns the block for `rolecall.yaml`; what was not learned is a remark in it.
    pub fn block(&self, of_accounts: bool) -> String {
        let mut out = "api:\n".to_owned();
        let fields: Vec<_> = self.fields(of_accounts).collect();
        // An empty mapping would be no mapping at all.
        let nothing = fields.iter().all(|it| it.1.is_null());
        out += if nothing { "  dialect: {}\n" } else { "  dialect:\n" };
        for (name, value) in fields {
            let _ = match value {
                Value::Null => writeln!(out, "    # {name}: unknown"),
                Value::String(word) => writeln!(out, "    {name}: {word}"),
                other => writeln!(out, "    {name}: {other}"),
            };
        }
        out
    }
}

/// Returns the result for people; a group that is left in the company is told with how it is deleted by hand.
pub fn text(probed: &Probed, company: &str, endpoint: &str, company_id: CompanyId) -> String {
    let show = escape::terminal;
    let mut out = format!("{BOLD}{}{BOLD:#} at {}\n\n", show(company), show(endpoint));
    let width =
        |of: fn(&Finding) -> &str| probed.findings.iter().map(|it| of(it).chars().count()).max().unwrap_or(0);
    let (names, verdicts) = (width(|it| it.name), width(|it| &it.verdict));
    for Finding { name, verdict, fact } in &probed.findings {
        let style = if verdict == "unknown" { UNKNOWN } else { BOLD };
        let _ = writeln!(
            out,
            "  {name:<names$}  {style}{verdict:<verdicts$}{style:#}  {DIM}{}{DIM:#}",
            show(fact)
        );
    }
    if let Some(why) = &probed.cut_short {
        let _ = writeln!(out, "\nNot finished: {}", show(why));
    }
    out.push('\n');
    for name in &probed.deleted {
        let _ = writeln!(out, "Deleted {}, as a look for it shows.", show(name));
    }
    for account in &probed.deactivated {
        let _ = writeln!(out, "Left deactivated, as nothing erases it: {}.", show(account));
    }
    for left in &probed.left {
        // Without an id nobody knows that it was made at all.
        let what = if left.id.is_empty() { "PERHAPS LEFT" } else { "NOT DELETED" };
        let _ = writeln!(
            out,
            "{UNKNOWN}{what}{UNKNOWN:#} {}: {}\n{}",
            show(&left.name),
            show(&left.why),
            if probed.of_accounts { by_hand_of_account(left) } else { by_hand(left, company_id) }
        );
    }
    for left in &probed.earlier {
        let _ = writeln!(
            out,
            "Left by an earlier probe: {} ({}), {}",
            show(&left.name),
            show(&left.id),
            show(&left.why)
        );
    }
    let _ = write!(
        out,
        "\nFor rolecall.yaml of {}:\n\n{}",
        show(company),
        probed.learned.block(probed.of_accounts)
    );
    out
}

fn by_hand_of_account(left: &Left) -> String {
    if left.id.is_empty() {
        let name = escape::terminal(&left.name);
        return format!("  probe again, or look for a user {name}; if there is one, deactivate it");
    }
    format!(
        "  deactivate the user {} where you administer users, or by DELETE /v2/users/{}",
        escape::terminal(&left.name),
        left.id
    )
}

fn by_hand(left: &Left, company: CompanyId) -> String {
    let Left { id, name, .. } = left;
    let name = escape::terminal(name);
    if id.is_empty() {
        return format!("  look for a group called {name}; if there is one, delete it");
    }
    format!(
        "  delete the user group {name} (id {id}) where you administer groups, or by DELETE\n  \
         /v3/companies/{company}/user-groups/{id}, or by an access file with\n  \
         `removed: [{{ group: {name}, id: {id}, reason: left by a probe }}]` and an apply"
    )
}

/// Returns the result for programs, with how the run ends.
pub fn json(probed: &Probed, company: &str, exit: u8, result: &str) -> String {
    let left = |it: &Left| json!({ "id": it.id, "name": it.name, "why": it.why });
    let learned = probed.learned.fields(probed.of_accounts).filter(|it| !it.1.is_null());
    let learned = learned.map(|(name, value)| (name.to_owned(), value));
    document(&json!({
        "version": 1,
        "kind": "probe",
        "company": company,
        "exit": exit,
        "result": result,
        "dialect": learned.collect::<serde_json::Map<_, _>>(),
        "findings": probed.findings.iter().map(|it| json!({ "name": it.name, "verdict": it.verdict, "fact": it.fact })).collect::<Vec<_>>(),
        "deleted": probed.deleted,
        "deactivated": probed.deactivated,
        "left": probed.left.iter().map(left).collect::<Vec<_>>(),
        "earlier": probed.earlier.iter().map(left).collect::<Vec<_>>(),
        "cutShort": probed.cut_short,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        files::deserialize,
        model::{dialect::Dialect, source::FileId},
    };

    #[test]
    fn the_block_is_the_dialect_that_was_learned() {
        let learned = Learned {
            member_removal_field: Some(MemberRemovalField::UserIdsToRemove),
            predicate: Some(PredicateForm::Id),
            page_limit: Some(250),
            ..Learned::default()
        };
        let block = learned.block(false);
        assert!(block.contains("    # groupRole: unknown\n"), "{block}");
        let yaml = block.strip_prefix("api:\n  dialect:\n").unwrap();
        let dialect: Dialect = deserialize(yaml, FileId(0)).unwrap();
        let wanted = Dialect {
            member_removal_field: MemberRemovalField::UserIdsToRemove,
            predicate: PredicateForm::Id,
            page_limit: 250,
            ..Dialect::default()
        };
        assert_eq!(dialect, wanted);
    }

    #[test]
    fn a_group_that_is_there_is_told_apart_from_one_that_may_be() {
        let left = |id: &str| Left { id: id.to_owned(), name: "x".to_owned(), why: "y".to_owned() };
        let probed = Probed { left: vec![left("1"), left("")], ..Probed::default() };
        let text =
            anstream::adapter::strip_str(&text(&probed, "c", "e", CompanyId(uuid::Uuid::nil()))).to_string();
        let lines: Vec<&str> = text.lines().filter(|it| it.ends_with(" x: y")).collect();
        assert_eq!(lines, ["NOT DELETED x: y", "PERHAPS LEFT x: y"]);
    }

    #[test]
    fn a_probe_that_learned_nothing_still_gives_a_block() {
        assert!(
            Learned::default()
                .block(false)
                .starts_with("api:\n  dialect: {}\n    # memberRemovalField: unknown\n")
        );
    }
}
