//! A table of forms that files come in, each with a change and the text that results; and the laws over random ones.

use proptest::prelude::*;

use super::{super::yaml::Style, *};

/// Where a word stands first.
fn spot(text: &str, word: &str) -> Spot {
    let at = text.find(word).unwrap_or_else(|| panic!("`{word}` stands in the text"));
    let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
    let narrow = |it: usize| u32::try_from(it).unwrap();
    let column = text[start..at].chars().filter(|it| *it != '\u{feff}').count();
    Spot { line: narrow(text[..at].matches('\n').count() + 1), column: narrow(column + 1) }
}

/// A change, by words of the text.
#[derive(Clone, Copy, Debug)]
enum Do {
    Remove(&'static str),
    RemoveGroup(&'static str),
    /// Of the mapping in which this word is a value: a member or a role.
    Add(&'static str, &'static str, &'static str),
    AddGroup(&'static str),
    Say(&'static str, &'static str, &'static str),
    Widen(&'static str, usize),
    Drop(&'static str, &'static str),
}

fn change(text: &str, it: Do) -> Change {
    let map = |style, keys: Vec<(&'static str, Yaml)>| Yaml::map(style, keys);
    match it {
        Do::Remove(word) => Change::Remove(spot(text, word)),
        Do::RemoveGroup(word) => Change::RemoveAround(spot(text, word)),
        Do::Add(of, key, word) => {
            let entry = match key {
                "roles" => map(Style::Line, vec![("role", Yaml::text(word)), ("scope", Yaml::text("all"))]),
                _ => Yaml::text(word),
            };
            Change::Insert { of: Some(spot(text, of)), key, entry: entry.into() }
        }
        Do::AddGroup(name) => {
            let members = Yaml::list(Style::Block, [Yaml::text("new@x.example")]);
            let none = Yaml::list(Style::Block, []);
            let keys = vec![("name", Yaml::text(name)), ("roles", none), ("members", members)];
            Change::Insert { of: None, key: "groups", entry: map(Style::Block, keys).into() }
        }
        Do::Say(of, key, word) => Change::Set { of: Some(spot(text, of)), key, value: Yaml::text(word) },
        Do::Widen(of, n) => {
            let many = (0..n).map(|it| Yaml::text(&format!("client-{it:02}")));
            let scope = map(Style::Line, vec![("company", Yaml::one_or_many(many.collect()))]);
            Change::Set { of: Some(spot(text, of)), key: "scope", value: scope }
        }
        Do::Drop(of, key) => Change::Unset { of: spot(text, of), key },
    }
}

fn done(text: &str, all: &[Do]) -> Result<String, Refused> {
    let changes: Vec<Change> = all.iter().map(|it| change(text, *it)).collect();
    edited(text, &changes)
}

const INDENTED: &str = "version: 1\ngroups:\n  - name: Desk # the desk\n    members: # who\n      - ana@x.example # nights\n      - cleo@x.example\n    roles: []\n\n  - name: Other\n    members: []\n    roles: []\n";
const FLUSH: &str =
    "groups:\n- name: Desk\n  members:\n  -   dee@x.example\n  -   ana@x.example\n  roles: []\n";
const HEADED: &str = "groups:\n  - name: Desk\n    members:\n      # nights\n      - ana@x.example\n      - bo@x.example\n\n      # days: cleo until the move\n      - cleo@x.example\n      # dee, from the agency\n      - dee@x.example\n        # deeper: still dee\n    roles: []\n";
const FLOW: &str = "groups: [{ name: Desk, members: [ana@x.example, cleo@x.example], roles: [] }] # one\n";
const WRAPPED: &str = "groups:\n  - name: Desk\n    members: [ana@x.example, bo@x.example,\n              cleo@x.example, dee@x.example]\n    roles: []\n";
const LINES: &str = "groups:\n  - name: Desk\n    members: [\n      ana@x.example,\t# nights\n      # the next one covers\n      bo@x.example   # days\n    ]\n    roles: []\n";
const TRAILING: &str = "groups:\n  - name: Desk\n    members: [\n      ana@x.example,\n      bo@x.example,\n    ]\n    roles: []\n";
const QUOTED: &str = "groups:\n  - name: \"Desk\"\n    description: 'It''s the desk'\n    members:\n      - 'ana@x.example'\n      - 'bo@x.example'\n    roles: []\n";
const AT_LEAST: &str = "groups:\n  - name: Desk\n    members: { atLeast: [ana@x.example] }\n    roles: { atLeast: [] }\n  - name: Other\n    members:\n      atLeast:\n        - bo@x.example\n    roles: unmanaged\n";
const TEXTS: &str = "groups:\n  - name: Desk\n    renamedFrom: Old Desk\n    description: |\n      Two lines\n      of text # not a comment\n\n    members: []\n    roles:\n      - role: Agent\n        scope: # where\n          company: a\n        reason: why\n      - { role: Pilot, scope: all, until: 2030-01-01 } # ends\n      - role: Guide\n        scope:\n          company: a\n";
const ANCHORS: &str = "groups:\n  - name: Desk\n    members: &desk\n      - ana@x.example\n      - &bo bo@x.example\n      - cleo@x.example\n    roles: &none []\n  - name: Twin\n    members: *desk\n    roles: *none\n  - name: Free\n    members: [*bo, dee@x.example]\n    roles: []\n";
const REMOVED: &str = "version: 1\n\n# gone\nremoved:\n  - { group: Old, reason: done }\n";

/// A name, and one of another kind, below mappings that may be missing.
fn named(text: &str) -> Result<String, Refused> {
    let name = |path, name: &str| Change::Name { path, name: name.into(), value: Yaml::text("one").into() };
    edited(
        text,
        &[
            name(["ids", "company"], "globex"),
            name(["ids", "company"], "1e3"),
            name(["ids", "legalEntity"], "uk"),
        ],
    )
}

#[test]
fn names_come_below_mappings_that_may_be_missing() {
    for (text, expected) in [
        (
            "a: 1\n",
            "a: 1\n\nids:\n  company:\n    globex: one\n    \"1e3\": one\n  legalEntity:\n    uk: one\n",
        ),
        (
            "ids:   # ours\n  company:\n    a: 2b   # one\n\nb: 1",
            "ids:   # ours\n  company:\n    a: 2b   # one\n    \"1e3\": one\n    globex: one\n  legalEntity:\n    uk: one\n\nb: 1",
        ),
        (
            "ids:\r\n    legalEntity: { 'eu': 2b }\r\nb: 1\r\n",
            "ids:\r\n    legalEntity: { 'eu': 2b, uk: one }\r\n    company:\r\n      globex: one\r\n      \"1e3\": one\r\nb: 1\r\n",
        ),
        (
            "ids: { company: { a: 2b }, legalEntity: { eu: 2b } }\n",
            "ids: { company: { a: 2b, \"1e3\": one, globex: one }, legalEntity: { eu: 2b, uk: one } }\n",
        ),
    ] {
        assert_eq!(named(text).as_deref(), Ok(expected), "{text}");
    }
    for refused in [
        "ids: {}\n",
        "ids: 1\n",
        "ids:\n",
        "ids: { company: {} }\n",
        "x: &a { a: 2b }\nids: { company: *a }\n",
    ] {
        assert!(named(refused).is_err(), "{refused}: {:?}", named(refused));
    }
}

#[test]
fn entries_come_and_go_and_every_other_byte_stays() {
    let crlf: &str = &INDENTED.replace('\n', "\r\n");
    let bom: &str = &format!("\u{feff}{FLUSH}");
    let open: &str = INDENTED.trim_end();
    let members_last: &str = "groups:\n- name: Desk\n  roles: []\n  members:\n  - ana@x.example";
    let rows: Vec<(&str, &str, Vec<Do>)> = vec![
        ("one goes, with the comment beside it", INDENTED, vec![Do::Remove("ana@")]),
        ("all go", INDENTED, vec![Do::Remove("ana@"), Do::Remove("cleo@")]),
        (
            "one comes into a list that is in order",
            INDENTED,
            vec![Do::Add("Desk", "members", "bo@x.example")],
        ),
        (
            "two come, one goes",
            INDENTED,
            vec![
                Do::Add("Desk", "members", "zoe@x.example"),
                Do::Add("Desk", "members", "abe@x.example"),
                Do::Remove("ana@"),
            ],
        ),
        (
            "one takes the place of all",
            INDENTED,
            vec![Do::Remove("ana@"), Do::Remove("cleo@"), Do::Add("Desk", "members", "bo@x.example")],
        ),
        (
            "into an empty list",
            INDENTED,
            vec![Do::Add("Other", "members", "bo@x.example"), Do::Add("Other", "members", "ana@y.example")],
        ),
        ("a role into an empty list", INDENTED, vec![Do::Add("Desk", "roles", "Agent")]),
        ("a group goes", INDENTED, vec![Do::RemoveGroup("Desk #")]),
        ("the last group goes", INDENTED, vec![Do::RemoveGroup("Other")]),
        (
            "a list begins, and what is around it goes on, in one place",
            INDENTED,
            vec![
                Do::AddGroup("Third"),
                Do::Add("Other", "roles", "Agent"),
                Do::Say("Other", "reason", "why"),
            ],
        ),
        ("a group comes", INDENTED, vec![Do::AddGroup("Third")]),
        (
            "with the line ends of the file",
            crlf,
            vec![Do::Add("Desk", "members", "bo@x.example"), Do::Remove("ana@"), Do::AddGroup("Third")],
        ),
        ("behind a last line that does not end", open, vec![Do::AddGroup("Third")]),
        ("into a list behind a last line that does not end", open, vec![Do::Add("Other", "roles", "Agent")]),
        (
            "a member behind a last line that does not end",
            members_last,
            vec![Do::Add("Desk", "members", "bo@x.example")],
        ),
        ("the last line goes, which does not end", members_last, vec![Do::Remove("ana@")]),
        (
            "a list that is not indented, with wide dashes and in no order",
            FLUSH,
            vec![Do::Add("Desk", "members", "bo@x.example")],
        ),
        ("and its empty neighbour", FLUSH, vec![Do::Add("Desk", "roles", "Agent")]),
        ("a mark before the first byte", bom, vec![Do::Remove("dee@"), Do::Add("Desk", "roles", "Agent")]),
        ("one of several under a heading", HEADED, vec![Do::Remove("ana@")]),
        ("all under a heading", HEADED, vec![Do::Remove("ana@"), Do::Remove("bo@")]),
        ("one with a comment of its own", HEADED, vec![Do::Remove("cleo@")]),
        ("one with comments above and below", HEADED, vec![Do::Remove("dee@")]),
        ("a new one under headings goes last", HEADED, vec![Do::Add("Desk", "members", "bea@x.example")]),
        (
            "in brackets",
            FLOW,
            vec![Do::Add("Desk", "members", "bo@x.example"), Do::Add("Desk", "roles", "Agent")],
        ),
        ("out of brackets", FLOW, vec![Do::Remove("ana@")]),
        ("all out of brackets", FLOW, vec![Do::Remove("ana@"), Do::Remove("cleo@")]),
        ("a group in brackets", FLOW, vec![Do::AddGroup("Third")]),
        ("a group out of brackets", FLOW, vec![Do::RemoveGroup("Desk")]),
        (
            "a group in brackets goes, and others change",
            "groups: [{ name: A, members: [a@x.example, b@x.example] }, { name: B, members: [] }, { name: C, members: [] }]\n",
            vec![
                Do::RemoveGroup("B,"),
                Do::Remove("b@x"),
                Do::Add("C,", "members", "z@x.example"),
                Do::AddGroup("D"),
            ],
        ),
        (
            "brackets over lines",
            WRAPPED,
            vec![Do::Remove("bo@"), Do::Add("Desk", "members", "zoe@x.example")],
        ),
        ("the first of brackets over lines", WRAPPED, vec![Do::Remove("ana@"), Do::Remove("dee@")]),
        ("comments in brackets", LINES, vec![Do::Add("Desk", "members", "zoe@x.example")]),
        ("out of brackets with comments", LINES, vec![Do::Remove("ana@")]),
        ("the last out of brackets with comments", LINES, vec![Do::Remove("bo@")]),
        (
            "a comma behind the last",
            TRAILING,
            vec![Do::Add("Desk", "members", "zoe@x.example"), Do::Remove("ana@")],
        ),
        (
            "quotes like the others'",
            QUOTED,
            vec![
                Do::Add("\"Desk", "members", "zoe@x.example"),
                Do::Say("\"Desk", "name", "Night Desk"),
                Do::Say("\"Desk", "description", "It's another"),
            ],
        ),
        (
            "at least these",
            AT_LEAST,
            vec![
                Do::Add("Desk", "members", "bo@x.example"),
                Do::Add("Other", "members", "cleo@x.example"),
                Do::Add("Desk", "roles", "Agent"),
            ],
        ),
        ("none of at least these", AT_LEAST, vec![Do::Remove("ana@"), Do::Remove("bo@")]),
        ("what is not ours has no entries", AT_LEAST, vec![Do::Add("Other", "roles", "Agent")]),
        (
            "a text on lines",
            TEXTS,
            vec![
                Do::Say("Desk\n", "description", "One line: short"),
                Do::Drop("Desk\n", "renamedFrom"),
                Do::Say("Desk\n", "name", "yes"),
            ],
        ),
        ("a new key", TEXTS, vec![Do::Say("Guide", "reason", "new"), Do::Say("Pilot", "reason", "new")]),
        ("a key goes", TEXTS, vec![Do::Drop("Pilot", "until"), Do::Drop("Agent", "reason")]),
        ("the first key goes", TEXTS, vec![Do::Drop("Pilot", "role"), Do::Drop("Desk\n", "name")]),
        ("a comment is in the way", TEXTS, vec![Do::Widen("Agent", 1)]),
        ("a scope on lines gets short", TEXTS, vec![Do::Widen("Guide", 2)]),
        ("a scope gets long", TEXTS, vec![Do::Widen("Guide", 14)]),
        (
            "a scope in a list that is not indented",
            "groups:\n- name: Desk\n  roles:\n  - role: Agent\n    scope:\n    - company: a\n    - company: b\n    until: 2030-01-01\n",
            vec![Do::Widen("Agent", 2)],
        ),
        ("a scope in brackets", TEXTS, vec![Do::Widen("Pilot", 2)]),
        ("a role goes", TEXTS, vec![Do::Remove("role: Agent")]),
        ("a role in brackets goes", TEXTS, vec![Do::Remove("{ role: Pilot")]),
        ("a role comes", TEXTS, vec![Do::Add("Desk\n", "roles", "Zookeeper")]),
        ("an anchored list that is used elsewhere", ANCHORS, vec![Do::Remove("ana@")]),
        (
            "an anchored list that is used elsewhere gets more",
            ANCHORS,
            vec![Do::Add("Desk", "members", "zoe@x.example")],
        ),
        ("the list behind an alias", ANCHORS, vec![Do::Add("Twin", "members", "zoe@x.example")]),
        ("an entry behind an alias", ANCHORS, vec![Do::Remove("*desk")]),
        ("an empty list that is used elsewhere", ANCHORS, vec![Do::Add("Desk", "roles", "Agent")]),
        ("an alias among others", ANCHORS, vec![Do::Remove("*bo"), Do::Add("Free", "roles", "Agent")]),
        ("an anchored entry that is used elsewhere", ANCHORS, vec![Do::Remove("bo@")]),
        ("a group whose anchors are used elsewhere", ANCHORS, vec![Do::RemoveGroup("Desk")]),
        ("a group with aliases", ANCHORS, vec![Do::RemoveGroup("Twin")]),
        ("a list that is not there", REMOVED, vec![Do::AddGroup("Old"), Do::Remove("{ group")]),
        ("two for a list that is not there", REMOVED, vec![Do::AddGroup("Old"), Do::AddGroup("Older")]),
        (
            "a dash on a line of its own",
            "groups:\n  -\n    name: Desk\n    members:\n      - ana@x.example\n",
            vec![Do::RemoveGroup("Desk")],
        ),
        ("what is inside of what goes", INDENTED, vec![Do::RemoveGroup("Desk #"), Do::Remove("ana@")]),
    ];
    let mut table = String::new();
    for (title, before, all) in rows {
        let after = match done(before, &all) {
            Ok(after) => {
                let diff = similar::TextDiff::from_lines(before, &after);
                diff.unified_diff().context_radius(2).to_string()
            }
            Err(why) => format!("refused: {why}\n"),
        };
        let after = after.replace('\r', "␍").replace('\u{feff}', "<BOM>");
        table.push_str(&format!("== {title}: {all:?}\n{after}\n"));
    }
    insta::assert_snapshot!(table);
}

/// How a list of a random file is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Indented,
    Flush,
    Wide,
    Brackets,
    Wrapped,
    /// In brackets, an entry a line, with comments.
    Lines,
    AtLeast,
}

/// A member of a random file.
#[derive(Clone, Debug)]
struct Entry {
    quoted: bool,
    beside: bool,
    above: bool,
    apart: bool,
    goes: bool,
}

/// A list of a random file: its entries, and how many come.
#[derive(Clone, Debug)]
struct Listed {
    form: Form,
    entries: Vec<Entry>,
    comes: usize,
}

fn listed() -> impl Strategy<Value = Listed> {
    let form = prop_oneof![
        Just(Form::Indented),
        Just(Form::Flush),
        Just(Form::Wide),
        Just(Form::Brackets),
        Just(Form::Wrapped),
        Just(Form::Lines),
        Just(Form::AtLeast),
    ];
    let entry = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let entry =
        entry.prop_map(|(quoted, beside, above, apart, goes)| Entry { quoted, beside, above, apart, goes });
    (form, prop::collection::vec(entry, 0..6), 0..3_usize).prop_map(|(form, entries, comes)| Listed {
        form,
        entries,
        comes,
    })
}

impl Listed {
    fn is_block(&self) -> bool {
        matches!(self.form, Form::Indented | Form::Flush | Form::Wide) && !self.entries.is_empty()
    }

    /// The value of `members:` of the group with this number.
    fn written(&self, group: usize) -> String {
        let word = |at: usize, it: &Entry| match it.quoted {
            true => format!("'m{group}-{at}@x.example'"),
            false => format!("m{group}-{at}@x.example"),
        };
        let words: Vec<String> = self.entries.iter().enumerate().map(|(at, it)| word(at, it)).collect();
        let lines = |margin: &str, dash: &str, comma: &str| {
            let line = |(it, word): (&Entry, &String)| {
                let apart = if it.apart { "\n" } else { "" };
                let above =
                    if it.above { format!("{margin}# above {}\n", word.len()) } else { String::new() };
                let beside = if it.beside { " #\tbeside".to_owned() } else { String::new() };
                format!("{apart}{above}{margin}{dash}{word}{comma}{beside}\n")
            };
            self.entries.iter().zip(&words).map(line).collect::<String>()
        };
        match self.form {
            Form::AtLeast => format!(" {{ atLeast: [{}] }}\n", words.join(", ")),
            _ if words.is_empty() => " [] # none\n".to_owned(),
            Form::Indented => format!(" # these\n{}", lines("      ", "- ", "")),
            Form::Flush => format!("\n{}", lines("    ", "- ", "")),
            Form::Wide => format!("\n{}", lines("      ", "-   ", "")),
            Form::Brackets => format!(" [ {} ]  # these\n", words.join(",")),
            Form::Wrapped => format!(" [{}]\n", words.join(",\n      ")),
            Form::Lines => format!(" [\n{}    ]\n", lines("      ", "", ",")),
        }
    }
}

proptest! {
    /// Whatever a file looks like: it means what it should, and the lines that no change names stay as they are, but
    /// for comments and blank lines around what goes.
    #[test]
    fn only_what_a_change_names_is_touched(
        lists in prop::collection::vec(listed(), 1..4),
        crlf in any::<bool>(),
        ends in any::<bool>(),
    ) {
        let mut text = "# top\nversion: 1 \ncompany: \"x\"\ngroups:\n".to_owned();
        for (group, it) in lists.iter().enumerate() {
            let members = it.written(group);
            text.push_str(&format!(
                "  # group {group}\n  - name: 'G{group}'\n    description: >-\n      folded\n      text\n    members:{members}    roles: []\t# none\n\n"
            ));
        }
        text.push_str("# the end\nremoved: []");
        if ends {
            text.push_str("  \n");
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let mut changes = Vec::new();
        let mut meant: Vec<Vec<String>> = Vec::new();
        for (group, list) in lists.iter().enumerate() {
            let name = format!("m{group}-");
            let mut members = Vec::new();
            for (at, it) in list.entries.iter().enumerate() {
                let word = format!("{name}{at}@x.example");
                match it.goes {
                    true => {
                        let quote = if it.quoted { "'" } else { "" };
                        // Not the comment above it.
                        let at = text.match_indices(&format!("{quote}{word}")).map(|it| it.0).find(|it| {
                            let line = text[..*it].rfind('\n').map_or(0, |it| it + 1);
                            !text[line..*it].contains('#')
                        });
                        let spot = spot(&text, &text[at.unwrap()..]);
                        changes.push(Change::Remove(spot));
                    }
                    false => members.push(word),
                }
            }
            for n in 0..list.comes {
                let word = format!("new{group}-{n}@x.example");
                let of = Some(spot(&text, &format!("'G{group}'")));
                changes.push(Change::Insert { of, key: "members", entry: Yaml::text(&word).into() });
                members.push(word);
            }
            members.sort();
            meant.push(members);
        }
        let mixed = |it: &Listed| matches!(it.form, Form::Lines) && it.entries.iter().any(|it| it.above || it.beside);
        let after = match edited(&text, &changes) {
            Ok(after) => after,
            // A last entry that goes, or none left, among comments in brackets: a person does that.
            Err(why) => {
                prop_assert!(lists.iter().any(mixed), "{}: {}", why, text);
                return Ok(());
            }
        };
        let file: super::super::access::AccessFile = super::super::decode(&after, FileId(0)).unwrap();
        let read: Vec<Vec<String>> = file.groups.iter().map(|it| {
            let list = it.v.members.as_ref().unwrap();
            let mut all: Vec<String> = list.v.entries.iter().map(|it| match &it.v {
                super::super::access::MemberEntry::Text(it) => it.clone(),
                super::super::access::MemberEntry::Keys(_) => String::new(),
            }).collect();
            all.sort();
            all
        }).collect();
        prop_assert_eq!(&read, &meant, "{}", &after);
        prop_assert_eq!(ends, after.ends_with("  \n") || after.ends_with("  \r\n"));

        // Line by line.
        let gone: Vec<String> = lists.iter().enumerate().flat_map(|(group, it)| {
            let entries = it.entries.iter().enumerate().filter(|it| it.1.goes);
            entries.map(move |(at, _)| format!("m{group}-{at}@")).collect::<Vec<_>>()
        }).collect();
        let is_list = |it: &str| it.trim() == "]" || it.contains("members:") || it.contains('[') && !it.contains("roles:") && !it.contains("removed:");
        let flow = lists.iter().any(|it| !it.is_block());
        let old: Vec<&str> = text.split_inclusive('\n').filter(|it| !is_list(it) && !gone.iter().any(|w| it.contains(w))).collect();
        let new: Vec<&str> = after.split_inclusive('\n').filter(|it| !is_list(it) && !it.contains("new")).collect();
        let mut left = new.iter().peekable();
        for line in old {
            let bare = line.trim();
            let same = left.peek().is_some_and(|it| **it == line || flow && it.contains("@x.example") && bare.contains("@x.example"));
            if same {
                left.next();
            } else {
                let above_gone = bare.starts_with("# above") || bare.is_empty();
                prop_assert!(above_gone || flow && bare.contains("@x.example"), "lost {:?} in {}", line, &after);
            }
        }
        prop_assert_eq!(left.next(), None, "{}", &after);
        if !gone.is_empty() || lists.iter().any(|it| it.comes > 0) {
            prop_assert_ne!(after, text);
        } else {
            prop_assert_eq!(after, text);
        }
    }
}
