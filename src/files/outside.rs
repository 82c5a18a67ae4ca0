//! Rules from outside the files: those of a base, and the floors of a policy. Text in, rules in names out.

use std::{collections::BTreeMap, str, sync::Arc};

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::{
    access::AccessFile,
    check::{self, Files},
    declared::{Declared, DeclaredFloor, DeclaredPolicy, DeclaredRules},
    decode, decoded,
    load::{Loaded, WORKSPACE_FILE},
    read::DEFAULT_PATTERN,
    table::{self, Table, Wanted},
    weakened::{Side, weakened},
    workspace::{PolicyFile, WorkspaceFile},
};
use crate::model::{
    finding::{Code, Finding},
    ids::PersonRef,
    pattern,
    rules::{Guard, Outside, Weakened, Weakening},
    source::{FileId, Place, Sources},
};

/// Reads a policy, and adds it to the rules that judge.
///
/// # Errors
///
/// Everything that is wrong in its text, with what it was read from.
pub fn policy(
    declared: &mut Declared,
    sources: &mut Sources,
    shown: &str,
    text: &str,
) -> Result<(), Unsound> {
    // Without its text, as what no plan is made from; a finding quotes it all the same.
    let mut whole = sources.clone();
    let file = sources.add(shown.to_owned(), String::new());
    whole.add(shown.to_owned(), text.to_owned());
    let read = decode::<PolicyFile>(text, file);
    let read = read.and_then(|it| check::policy(file, &it)).and_then(|it| {
        let twice = twice(&declared.rules, &it.rules);
        if twice.is_empty() { Ok(it) } else { Err(twice) }
    });
    match read {
        Ok(floor) => {
            declared.rules.floors.push(floor);
            Ok(())
        }
        Err(findings) => Err(Unsound { findings, sources: whole }),
    }
}

/// The policies of the files that have the name of one from outside.
fn twice(files: &DeclaredRules, outside: &DeclaredRules) -> Vec<Finding> {
    let other = |it: &DeclaredPolicy| outside.policies.iter().find(|other| other.name == it.name);
    let twice = |it: &DeclaredPolicy| {
        let message = format!("two policies are called `{}`", it.name);
        let finding =
            Finding::new(Code::InvalidPolicy, it.from, message).related(other(it)?.from, "the other");
        Some(
            finding.help("give it another name: the other is from `--policy`, which the files cannot change"),
        )
    };
    files.policies.iter().filter_map(twice).collect()
}

/// Findings in a text that is no file of the workspace.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Unsound {
    pub findings: Vec<Finding>,
    pub sources: Sources,
}

/// Compares what is declared with the workspace at a base, and lets the rules of the base judge as well. `files` are those of
/// the base, by their path in the workspace: its `rolecall.yaml` and all that may be access files.
///
/// Access files of the base that cannot be read are passed over: they tell only of which groups less is managed.
///
/// # Errors
///
/// Everything that is wrong in the `rolecall.yaml` of the base.
pub fn base(
    (loaded, declared): (&mut Loaded, &mut Declared),
    (reference, commit): (&str, &str),
    files: Vec<(String, Vec<u8>)>,
) -> Result<(), Unsound> {
    let weakened = |rows| Some(Weakened { base: reference.into(), commit: commit.into(), rows });
    let company = loaded.files.company.as_ref().and(declared.company).map(|it| it.to_string());
    let people: BTreeMap<String, Vec<u8>> = files.iter().filter(|it| !is_yaml(&it.0)).cloned().collect();
    let (workspace, access): (Vec<_>, Vec<_>) = files.into_iter().partition(|it| it.0 == WORKSPACE_FILE);
    let Some((path, text)) = workspace.into_iter().next() else {
        declared.rules.weakened = weakened(vec![Weakening {
            what: WORKSPACE_FILE.into(),
            before: None,
            after: Some("new".into()),
            why: "the base has no such file in this folder: none of its rules judges the plan".into(),
            from: None,
        }]);
        return Ok(());
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let shown = |path: &str| format!("{reference}:{path}");
    let mut whole = loaded.sources.clone();
    whole.add(shown(&path), text.clone());
    let unsound = |findings| Unsound { findings, sources: whole.clone() };
    // Without their texts, as what no plan is made from.
    let file = loaded.sources.add(shown(&path), String::new());
    let found = decode::<WorkspaceFile>(&text, file).map_err(unsound)?;
    let choice = loaded.files.choice.clone();
    let mut then = Files { workspace: Some((file, found)), company, choice, ..Files::default() };
    let alone = check::check(&then).map_err(unsound)?;
    for (path, text) in access_files(&then, access) {
        let file = loaded.sources.add(shown(&path), String::new());
        then.access.extend(decode::<AccessFile>(&text, file).ok().map(|it| (file, it)));
    }
    then.tables = tables(&then, &people, |path| loaded.sources.add(shown(path), String::new())).0;
    let wrong = check::check(&then).err().unwrap_or_default();
    then.access.retain(|(file, _)| wrong.iter().all(|it| it.place.is_none_or(|it| it.file != *file)));
    let was = check::check(&then).unwrap_or(alone);
    let (old, new) = (Side { files: &then, declared: &was }, Side { files: &loaded.files, declared });
    declared.rules.weakened = weakened(self::weakened(old, new, loaded.partial));
    let guards = Guard::ALL.iter().copied().filter(|it| *it != Guard::Weakened).collect();
    declared.rules.floors.push(DeclaredFloor {
        by: Outside::Base,
        guards,
        rules: was.rules.clone(),
        aliases: None,
    });
    let lined = declared.rules.all().any(|it| !it.policies.is_empty());
    declared.base = Some(Box::new(Declared { lined, ..was }));
    Ok(())
}

/// The files of a base that its access files may take people from.
pub fn people_files(files: &[(String, Vec<u8>)]) -> GlobSet {
    let mut globs = GlobSetBuilder::new();
    let texts = files.iter().filter_map(|it| str::from_utf8(&it.1).ok());
    for text in texts.filter(|it| it.contains("usersFrom")) {
        let Some(access) = decoded::<AccessFile>(text, FileId::default()).value else { continue };
        let patterns = access.users_from.iter().filter_map(|it| it.v.csv.as_ref());
        patterns.filter_map(|it| people_glob(&it.v)).for_each(|it| _ = globs.add(it));
    }
    globs.build().unwrap_or_default()
}

fn people_glob(pattern: &str) -> Option<Glob> {
    pattern::glob(pattern.trim_start_matches("./")).ok()?.literal_separator(true).build().ok()
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// The rows of files that access files take people from, each by its path, as far as they are in order; and what is not.
pub(super) fn tables(
    base: &Files,
    people: &BTreeMap<String, Vec<u8>>,
    mut add: impl FnMut(&str) -> FileId,
) -> (Vec<Table>, Vec<Finding>) {
    let (mut tables, mut findings) = (Vec::new(), Vec::new());
    for (access, nth, entry) in base.access.iter().flat_map(|(file, access)| {
        access.users_from.iter().enumerate().map(move |(nth, entry)| (*file, nth, &entry.v))
    }) {
        let (Some(wanted), Some(csv)) = (Wanted::new(entry, access), entry.csv.as_ref()) else { continue };
        let Some(glob) = people_glob(&csv.v).map(|it| it.compile_matcher()) else { continue };
        for (path, bytes) in people.iter().filter(|it| glob.is_match(it.0)) {
            let file = add(path);
            if let Ok((rows, found)) = table::read(&bytes[..], &wanted, (file, path)) {
                findings.extend(found);
                let pattern = (csv.v.as_str().into(), csv.place(access));
                let (of, path) = ((access, nth), path.as_str().into());
                tables.push(Table { of, file, path, pattern, rows: Arc::new(rows), columns: wanted.asked() });
            }
        }
    }
    (tables, findings)
}

/// The files of a base that the patterns of its workspace mean, with their texts; those that are text.
pub(super) fn access_files(base: &Files, files: Vec<(String, Vec<u8>)>) -> Vec<(String, String)> {
    let given = base.workspace.as_ref().and_then(|it| it.1.access.as_ref());
    let patterns = given.map_or(vec![DEFAULT_PATTERN], |all| all.iter().map(|it| it.v.as_str()).collect());
    let set = |of: &dyn Fn(&str) -> Option<String>| -> GlobSet {
        let mut globs = GlobSetBuilder::new();
        for pattern in patterns.iter().filter_map(|it| of(it)) {
            let mut glob = pattern::glob(pattern.trim_start_matches("./")).ok();
            let glob = glob.as_mut().and_then(|it| it.literal_separator(true).build().ok());
            glob.into_iter().for_each(|it| _ = globs.add(it));
        }
        globs.build().unwrap_or_default()
    };
    let meant = set(&|it| (!it.starts_with('!')).then(|| it.to_owned()));
    let left_out = set(&|it| it.strip_prefix('!').map(str::to_owned));
    let fits = |it: &str| meant.is_match(it) && !left_out.is_match(it);
    let files = files.into_iter().filter(|it| fits(&it.0));
    files.filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?))).collect()
}

/// Lets the account that was named from outside stand in for that of the files, which cannot name another.
pub fn identity(declared: &mut Declared, sources: &mut Sources, shown: &str, person: PersonRef) {
    let at = Place::new(sources.add(shown.to_owned(), String::new()), 1, 1);
    let floors = declared.rules.floors.iter_mut().filter(|it| it.by == Outside::Base);
    floors.for_each(|it| it.rules.identity = Some((person.clone(), at)));
    declared.rules.identity = Some((person, at));
}
