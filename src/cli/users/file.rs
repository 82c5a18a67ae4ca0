//! The file that a part of a person is to be: read once, sound, and not another person's or another part. What is wrong with
//! it is said without a value of it.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    path::Path,
};

use rolecall::{
    files::disk::{self, Named},
    model::{
        escape::terminal,
        ids::{UserId, parse_uuid},
        json::{DEEPEST, Flaw, sound},
        object::Object,
        observed::User,
        part::Part,
    },
    workflow::users::Unfit,
};
use serde::Deserialize;

use super::{Failure, Global};

/// The file of an export that says what is there and what could not be read.
pub(super) const MANIFEST: &str = "manifest.json";
/// Most bytes of a part: a picture may be in it.
const MOST: u64 = 16 << 20;

/// Reads the part that is wanted.
pub(super) fn read(global: &Global, file: &Path, part: Part) -> Result<Object, Failure> {
    let shown = if file == Path::new("-") { "standard input".into() } else { file.display().to_string() };
    let text = if file == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().take(MOST + 1).read_to_end(&mut bytes).map_err(|it| it.to_string());
        read.and_then(|_| {
            if bytes.len() as u64 > MOST { Err(format!("it has more than {MOST} bytes")) } else { Ok(()) }
        })
        .and_then(|()| String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()))
    } else {
        disk::text(&global.at(file), Named::ByCaller, MOST).map_err(|it| it.to_string())
    };
    let text = text.map_err(|why| {
        Failure::invalid(format!("cannot read the part {shown}: {why}"))
            .hint("name a file that `rolecall users export` wrote, or one of that form")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let hint = "`rolecall users export` writes each part in the form that is read here";
    let wrong = |what: &str| Failure::invalid(format!("{shown}: {what}")).hint(hint);
    match text.trim_start().bytes().next() {
        None => return Err(wrong("it is empty, and a part is a JSON object: `{ … }`")),
        Some(b'{') => (),
        Some(_) => return Err(wrong("it does not begin with `{`, and a part is a JSON object: `{ … }`")),
    }
    // A profile holds the other parts, so that these must be a level less deep to be told again.
    let deepest = if part == Part::Profile { DEEPEST } else { DEEPEST - 1 };
    let read = serde_json::from_str(text).map_err(Flaw::from).and_then(|it| {
        sound(text, deepest)?;
        Ok(it)
    });
    read.map_err(|flaw| {
        let place = flaw.place().map(|it| format!(":{}:{}", it.0, it.1)).unwrap_or_default();
        Failure::invalid(format!("{shown}{place}: not the JSON of a part: {}", flaw.what())).hint(hint)
    })
}

/// Looks whether the name of a file, or what an export says of it, is of this person and this part.
pub(super) fn beside(file: &Path, user: &User, part: Part) -> Result<(), Failure> {
    let name = file.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    // What was kept when a part was replaced: whose it was and which part stand in the name.
    let kept = name.get(..36).and_then(parse_uuid).map(UserId);
    let kept_part = name.get(37..).and_then(|it| Part::ALL.iter().find(|part| it.starts_with(part.word())));
    let manifest = Manifest::of(disk::around(file));
    let exported = manifest.as_ref().map(|it| it.person.user_id);
    for (whose, by) in [(kept, "its name"), (exported, "the manifest.json beside it")] {
        if whose.is_some_and(|it| it != user.id) {
            let hint = Unfit::Another(String::new()).hint();
            return Err(Failure::invalid(format!("the file is of another person, as {by} says")).hint(hint));
        }
    }
    let named = manifest.iter().flat_map(|it| &it.files).find(|it| it.1 == name).map(|it| &**it.0);
    let named = named.or(kept.and(kept_part).map(|it| it.word()));
    match named.filter(|it| *it != part.word()) {
        None => Ok(()),
        Some(other) => Err(Failure::invalid(format!(
            "the file is the part {}, and not {}",
            terminal(other),
            part.word()
        ))
        .hint(Unfit::Nothing(part).hint())),
    }
}

/// What the export in a folder says of itself.
#[derive(Deserialize)]
pub(super) struct Manifest {
    kind: String,
    person: Whose,
    /// The files by the words of their parts.
    pub(super) files: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whose {
    user_id: UserId,
}

impl Manifest {
    /// Of what is not one nothing is known.
    pub(super) fn of(folder: &Path) -> Option<Self> {
        let text = disk::text(&folder.join(MANIFEST), Named::ByCaller, MOST).ok()?;
        serde_json::from_str::<Self>(&text).ok().filter(|it| it.kind == "users-export")
    }
}

impl From<Unfit> for Failure {
    fn from(error: Unfit) -> Self {
        Self::invalid(terminal(&error.to_string())).hint(error.hint())
    }
}
