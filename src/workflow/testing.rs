//! Tests of rules: what each rule of a workspace says of the rows of its tests. Asks nobody.

use std::collections::BTreeSet;

use crate::{
    files::{
        At,
        declared::{DeclaredLaw, DeclaredPolicy},
        decode,
        fixtures::{Expected, FixtureEntry, FixtureFile, Tested},
    },
    model::{
        expression::{Answer, Facts, Row, Rule, Runner, schema::Subject},
        finding::{Code, Finding, did_you_mean},
        rules::Severity,
        source::{FileId, Place, Sources},
    },
};

use super::Checked;

/// What came of each test, and the rules without one.
type All = (Vec<Tested>, Vec<Box<str>>, Sources);

/// Runs the tests of some files. Returns what came of each, and the rules without one.
///
/// # Errors
///
/// Everything that is wrong with the tests.
pub fn tested(checked: &Checked, files: Vec<(String, String)>) -> Result<All, (Vec<Finding>, Sources)> {
    let mut sources = checked.loaded.sources.clone();
    let (mut findings, mut all) = (Vec::new(), Vec::new());
    let rules: Vec<(&DeclaredPolicy, &Rule)> =
        checked.declared.rules.all().flat_map(|it| &it.policies).filter_map(rule).collect();
    for (path, text) in files {
        let file = sources.add(path, text.clone());
        match decode::<FixtureFile>(&text, file) {
            Ok(it) => all.extend(of_file(file, &it, &rules, &mut findings)),
            Err(wrong) => findings.extend(wrong),
        }
    }
    if !findings.is_empty() {
        findings.sort();
        return Err((findings, sources));
    }
    let known: BTreeSet<&str> = all.iter().map(|it| &*it.rule).collect();
    let untested = rules.iter().map(|it| it.0.name.clone()).filter(|it| !known.contains(&**it)).collect();
    Ok((all, untested, sources))
}

fn rule(policy: &DeclaredPolicy) -> Option<(&DeclaredPolicy, &Rule)> {
    match &policy.law {
        DeclaredLaw::Rule { rule } => Some((policy, rule)),
        _ => None,
    }
}

fn of_file(
    file: FileId,
    read: &FixtureFile,
    rules: &[(&DeclaredPolicy, &Rule)],
    findings: &mut Vec<Finding>,
) -> Vec<Tested> {
    let top = Place::new(file, 1, 1);
    match read.version.as_ref() {
        Some(it) if it.v == 1 => (),
        Some(it) => findings.push(
            Finding::new(
                Code::UnsupportedVersion,
                it.place(file),
                format!("version {} of tests is not known", it.v),
            )
            .help("write `version: 1`"),
        ),
        None => findings.push(
            Finding::new(Code::UnsupportedVersion, top, "tests need a version").help("write `version: 1`"),
        ),
    }
    if read.tests.is_absent() {
        let help = "such as `tests: [{ rule: …, access: { … }, expect: deny }]`";
        findings.push(Finding::new(Code::MissingKey, top, "there are no `tests`").help(help));
    }
    read.tests.iter().filter_map(|it| one(file, it, rules, findings)).collect()
}

fn one(
    file: FileId,
    entry: &At<FixtureEntry>,
    rules: &[(&DeclaredPolicy, &Rule)],
    findings: &mut Vec<Finding>,
) -> Option<Tested> {
    let (from, v) = (entry.place(file), &entry.v);
    let mut wrong = |code, place, message: String, help: Option<String>| -> Option<Tested> {
        findings.push(Finding::new(code, place, message).maybe_help(help));
        None
    };
    let (Some(name), Some(expect)) = (v.rule.as_ref(), v.expect.as_ref()) else {
        let missing = if v.rule.as_ref().is_none() { "rule" } else { "expect" };
        let help = Some("such as `{ rule: …, access: { … }, expect: deny }`".to_owned());
        return wrong(Code::MissingKey, from, format!("a test needs `{missing}`"), help);
    };
    let Some((policy, rule)) = rules.iter().find(|it| *it.0.name == *name.v) else {
        let near = did_you_mean(&name.v, rules.iter().map(|it| &*it.0.name));
        let message = format!("there is no rule `{}` under `policies.rules`", name.v);
        return wrong(Code::InvalidPolicy, name.place(file), message, near);
    };
    let fields = match (v.access.as_ref(), v.edit.as_ref()) {
        (Some(it), None) => Some((Subject::Access, it.v.0.clone())),
        (None, Some(it)) => Some((Subject::Edit, it.v.0.clone())),
        (Some(_), Some(_)) | (None, None) => None,
    };
    let about = rule.subject().as_str();
    let Some((_, fields)) = fields.filter(|it| it.0 == rule.subject()) else {
        let message = format!("the rule `{}` is about `{about}`, and so is its test", name.v);
        return wrong(
            Code::MissingKey,
            from,
            message,
            Some(format!("write `{about}: {{ … }}`, and only that")),
        );
    };
    let facts = Facts::new(fields);
    let found = match Runner::new(rule).answer(Row { shared: &facts, own: &Facts::default() }) {
        Answer::Kept => Ok(Expected::Pass),
        Answer::Unknown(why) => Err(why),
        Answer::Broken => Ok(match policy.severity {
            Severity::Deny => Expected::Deny,
            Severity::Warn => Expected::Warn,
        }),
    };
    Some(Tested {
        rule: name.v.as_str().into(),
        case: v.case.as_ref().map(|it| it.v.as_str().into()),
        from,
        expected: expect.v,
        found,
    })
}
