//! The loader, and the files that rolecall itself writes.

use rolecall::{
    apply::record,
    files::{
        Decoded,
        access::AccessFile,
        check::{Files, check},
        decoded,
        format::{self, Kind, formatted},
        workspace::WorkspaceFile,
    },
    live::snapshot,
    model::{
        finding::Finding,
        source::{FileId, Sources},
    },
    report::{document, render},
};

/// An access file alone.
pub(crate) fn access(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let mut sources = Sources::default();
    let file = sources.add("access.yaml".to_owned(), text.to_owned());
    let Decoded { value, findings, remarks } = decoded::<AccessFile>(text, file);
    shown(&[findings, remarks].concat(), &sources);
    // What is certain of a broken file is checked as well.
    if let Some(access) = value {
        checked(&Files { access: vec![(file, access)], ..Files::default() }, &sources);
    }
}

/// A workspace file alone.
pub(crate) fn workspace(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let mut sources = Sources::default();
    let file = sources.add("rolecall.yaml".to_owned(), text.to_owned());
    let Decoded { value, findings, remarks } = decoded::<WorkspaceFile>(text, file);
    shown(&[findings, remarks].concat(), &sources);
    if let Some(workspace) = value {
        checked(&Files { workspace: Some((file, workspace)), ..Files::default() }, &sources);
    }
}

/// A file laid out: for good, with every comment, and as sound as before.
pub(crate) fn layout(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let now = "2026-11-21T00:00:00Z".parse().expect("an instant");
    for kind in [Kind::Access, Kind::Workspace, Kind::Policy, Kind::of(text)] {
        let Ok(new) = formatted(text, kind, FileId::default()) else { continue };
        assert_eq!(formatted(&new, kind, FileId::default()).as_ref(), Ok(&new));
        assert_eq!(text.matches('#').count(), new.matches('#').count());
        if kind == Kind::Access {
            assert_eq!(is_sound(text), is_sound(&new));
        }
        if let Ok(without) = format::without_ended(text, kind, FileId::default(), now) {
            assert_eq!(formatted(&without.text, kind, FileId::default()), Ok(without.text));
        }
    }
}

fn is_sound(text: &str) -> bool {
    let file = FileId::default();
    let value = decoded::<AccessFile>(text, file).value.unwrap_or_default();
    check(&Files { access: vec![(file, value)], ..Files::default() }).is_ok()
}

/// Files are sound or have findings, and every finding can be shown.
fn checked(files: &Files, sources: &Sources) {
    if let Err(findings) = check(files) {
        assert!(!findings.is_empty());
        shown(&findings, sources);
    }
}

fn shown(findings: &[Finding], sources: &Sources) {
    let text = render::findings::text(findings, sources, render::fit::Width::Any);
    assert!(!text.chars().any(|it| it.is_control() && !matches!(it, '\n' | '\t' | '\u{1b}')), "{text:?}");
    render::findings::json(findings, sources);
    assert!(
        render::findings::markdown(findings, sources, render::forge::Forge::Github, 2_000).len() <= 2_000
    );
}

/// A saved plan, under a digest that fits: what is accepted is what was written, so writing it once more changes nothing of
/// its effects.
pub(crate) fn plan(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let mut text = text.to_owned();
    if let (Some(digest), Some(at)) = (document::seal(&text), text.rfind("\"}").or(text.rfind("\"\n}"))) {
        text.replace_range(at - 64..at, &digest.to_string());
    }
    if let Ok(saved) = document::read(&text, Sources::default()) {
        assert_eq!(rolecall::plan::digest::plan_id(&saved.plan), saved.id);
    }
}

/// A snapshot: what is accepted has the digest it says, and can be asked.
pub(crate) fn snapshot(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(snapshot) = snapshot::read(text.to_owned()) {
        _ = snapshot::Answers::new(snapshot, None);
    }
}

/// A journal.
pub(crate) fn journal(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(records) = record::read(text) {
        record::done(&records);
    }
}
