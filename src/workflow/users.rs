//! People and their data, one by one: who is there, what is held of one of them, and a part replaced. What is personal
//! leaves this only as the value that was asked for: never in an error, and never in a log.

mod fitting;

use std::{collections::BTreeSet, time::Duration};

pub use fitting::{Unfit, fitting};

use crate::{
    live::{
        FetchError,
        api::{ApiError, Client, Request},
        source::Source,
    },
    model::{
        directory::Directory,
        ids::{CompanyId, PersonRef},
        object::{Difference, Leaf, Object},
        observed::User,
        part::Part,
        person::{Entry, Held},
        plan::{Names, Unresolved},
    },
    plan::explain,
};

use super::{Checked, Error, error::SearchRefused};

mod recorded;

pub use recorded::Unrecorded;

/// How often a part is sent, each time after a look.
const ATTEMPTS: u32 = 5;
/// Milliseconds before it is read back once more, as what the API shows may lag behind what it has accepted.
const SETTLING: [u64; 4] = [100, 200, 400, 800];

/// Who is there.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Roster {
    pub people: Vec<(CompanyId, Entry)>,
    pub unrecorded: Unrecorded,
}

/// Reads everybody of the companies that are asked about. Only the API looks for a text.
///
/// # Errors
///
/// Where no company is named, and where a list cannot be read whole.
pub async fn roster(source: &Source, companies: &[CompanyId], search: Option<&str>) -> Result<Roster, Error> {
    if companies.is_empty() {
        return Err(Error::NoCompany);
    }
    let clients = match source {
        Source::Api(clients) => clients,
        Source::Snapshot(answers) => return recorded::roster(answers, companies),
    };
    let mut roster = Roster::default();
    for company in companies {
        let reader = &clients.of(*company).map_err(api)?.reader;
        let all = reader.roster(*company, search).await.map_err(api)?;
        roster.people.extend(all.into_iter().map(|it| (*company, it)));
    }
    Ok(roster)
}

/// Finds the one person that is meant, active or not, in the companies of the files.
///
/// # Errors
///
/// Where there is not exactly one, where the API does not tell, and where no company is named.
pub async fn found(
    source: &Source,
    checked: &Checked,
    person: &PersonRef,
) -> Result<(CompanyId, User), Error> {
    let companies = checked.declared.own_companies();
    if companies.is_empty() {
        return Err(Error::NoCompany);
    }
    let (mut all, mut why) = (Vec::new(), Unresolved::Unknown);
    for company in &companies {
        let rows = rows(source, *company, person).await.map_err(Error::Fetch)?;
        let directory = Directory::new(&rows);
        match directory.anyone(*company, person) {
            Ok(id) => all.extend(directory.user(id).map(|it| (*company, it.clone()))),
            // That there are several says more than that there is nobody elsewhere.
            Err(Unresolved::Unknown) => (),
            Err(other) => why = other,
        }
    }
    all.dedup_by_key(|it| it.1.id);
    match all.pop() {
        Some((_, one)) if all.is_empty() && one.is_hidden() => {
            Err(not_one(source, checked, person, (Unresolved::Hidden, &companies)))
        }
        Some(one) if all.is_empty() => Ok(one),
        several => {
            all.extend(several);
            let ids: Vec<_> = all.iter().map(|it| it.1.id).collect();
            let why = if ids.is_empty() { why } else { Unresolved::Ambiguous(ids) };
            Err(not_one(source, checked, person, (why, &companies)))
        }
    }
}

/// The rows among which the person is, as a plan reads them.
async fn rows(source: &Source, company: CompanyId, person: &PersonRef) -> Result<Vec<User>, FetchError> {
    let mut users = source.find_users(company, std::slice::from_ref(person)).await?;
    if !Directory::new(&users).knows(person) {
        // The bulk list is a draft in the API and may not match every address (contract §7.2).
        users.extend(source.query_user(company, person).await?);
    }
    Ok(users)
}

fn not_one(
    source: &Source,
    checked: &Checked,
    person: &PersonRef,
    (why, companies): (Unresolved, &[CompanyId]),
) -> Error {
    let names = Names { values: checked.declared.aliases.clone(), ..Names::default() };
    let refused = source.search_refused();
    let (closed, open): (Vec<_>, Vec<_>) = companies.iter().partition(|it| refused.contains_key(it));
    let called = |all: Vec<&CompanyId>| all.into_iter().map(|it| names.company(*it)).collect();
    let status = refused.values().next().copied();
    Error::NotOne {
        person: person.clone(),
        why,
        places: called(open),
        refused: status.map(|status| Box::new(SearchRefused { status, companies: called(closed) })),
        near: explain::near(&checked.declared, person).cloned(),
    }
}

fn api(error: ApiError) -> Error {
    Error::Fetch(error.into())
}

/// Reads all parts of a person, or what a snapshot has of them.
///
/// # Errors
///
/// Where nothing is told of any part.
pub async fn held(source: &Source, company: CompanyId, user: &User) -> Result<Vec<Held>, Error> {
    let clients = match source {
        Source::Api(clients) => clients,
        Source::Snapshot(answers) => return Ok(recorded::held(answers, company, user)),
    };
    let parts = clients.of(company).map_err(api)?.reader.parts(user.id).await.map_err(api)?;
    Ok(parts.into_iter().map(|(part, read)| (part, read.map_err(|it| why_not(&it)))).collect())
}

/// Reads when the account of a person was made and last changed, which only the list of users tells. Where it is not told,
/// everything else is.
pub async fn entry(source: &Source, company: CompanyId, user: &User) -> Option<Entry> {
    let Source::Api(clients) = source else { return None };
    clients.of(company).ok()?.reader.entry(company, user.id).await.ok().flatten()
}

/// Why a part is not told, in a few words that quote nothing.
fn why_not(error: &ApiError) -> String {
    match error.refused() {
        Some(status) => format!("refused ({status})"),
        None => "not answered as expected".to_owned(),
    }
}

/// A part of a person as it is, and as it is to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Replacement {
    pub part: Part,
    pub before: Object,
    pub after: Object,
}

impl Replacement {
    /// The part as it is beside what a file says of it, both without what is for the API to say. What else no file may change
    /// is sent as it was read, whatever the file says of it (see [`fitting()`]).
    pub fn new(part: Part, mut before: Object, mut after: Object) -> Self {
        for field in part.read_only() {
            before.remove(field);
            after.remove(field);
        }
        fitting::restored(part, &before, &mut after);
        Self { part, before, after }
    }

    /// What becomes of it.
    pub fn differences(&self) -> Vec<Difference> {
        self.before.differences(&self.after)
    }

    /// Fields of the file that the part is not known to have and has not, which the API may refuse or forget.
    pub fn unknown(&self) -> Vec<&str> {
        let unknown = |it: &&str| !self.part.fields().contains(it) && self.before.get(it).is_none();
        self.after.iter().map(|it| it.0).filter(unknown).collect()
    }

    /// What changes of what may decide what the account is for and how its travel is seen, which no guard looks at.
    pub fn remarkable(&self) -> Vec<String> {
        let all = self.differences();
        let all = all.iter().map(Difference::path).filter(|it| {
            let (name, within) = it.rsplit_once('.').map_or((*it, ""), |(within, name)| (name, within));
            match self.part {
                Part::Profile if within == "businessInfo" => name == "authorizerEmail",
                Part::Profile => within.is_empty() && ["persona", "stealthType"].contains(&name),
                Part::BusinessInfo => within.is_empty() && name == "authorizerEmail",
                _ => false,
            }
        });
        all.map(str::to_owned).collect()
    }

    /// Where the file says what the API shows to one who must not see the value: it would take its place.
    pub fn redacted(&self) -> Vec<String> {
        let is_stand_in = |it: &Leaf| {
            serde_json::from_str::<String>(it.value.get()).is_ok_and(|it| it.ends_with("_REDACTED"))
        };
        self.after.leaves().into_iter().filter(is_stand_in).map(|it| it.path).collect()
    }

    /// Where what was read after the part was replaced is not what it was replaced with. What the API adds on its own, such
    /// as the name of something that is referred to, does not count.
    fn unlike(&self, now: &Object) -> Vec<String> {
        let now = Self::new(self.part, now.clone(), self.after.clone());
        let was: BTreeSet<String> = self.before.leaves().into_iter().map(|it| it.path).collect();
        let counts = |it: &Difference| match it {
            // Some servers leave out whatever is false, 0 or empty.
            Difference::Added(sent) => {
                !["false", "0", "\"\"", "[]", "{}", "null"].contains(&sent.value.get())
            }
            Difference::Changed { .. } => true,
            Difference::Removed(left) => was.contains(&left.path),
        };
        let differing = now.differences();
        differing.iter().filter(|it| counts(it)).map(|it| it.path().to_owned()).collect()
    }
}

/// Why a part was not replaced, or nobody knows whether it was.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NotReplaced {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the part {} changed since it was shown; nothing was written", .0.word())]
    Stale(Part),
    #[error("the part {} was sent, the answer was lost, and it is neither what it was nor what was sent", .0.word())]
    Unclear(Part),
}

impl NotReplaced {
    /// Whether nothing was written for certain.
    pub fn is_unwritten(&self) -> bool {
        match self {
            Self::Api(error) => !error.ambiguous() && error.request().is_some_and(Request::is_write),
            Self::Stale(_) => true,
            Self::Unclear(_) => false,
        }
    }
}

/// Replaces a part of a person, if it still is what it was, and reads it back. Returns where it is not what was sent.
///
/// Whatever a failed attempt came to is looked at before the next: in the meantime somebody else may have changed what it
/// would overwrite.
///
/// # Errors
///
/// See [`NotReplaced`].
pub async fn replace(
    client: &Client,
    user: &User,
    replacement: &Replacement,
) -> Result<Vec<String>, NotReplaced> {
    let Replacement { part, before, after } = replacement;
    let (reader, writer) = (&client.reader, &client.writer);
    let mut failed: Option<ApiError> = None;
    let mut token_refused = false;
    for attempt in 1.. {
        let now = reader.part(user.id, *part).await?;
        let is_before = Replacement::new(*part, now.clone(), Object::default()).before.same(before);
        if let Some(error) = failed.take() {
            let sent = error.ambiguous();
            match is_before {
                false if sent && replacement.unlike(&now).is_empty() => break,
                false if sent => return Err(NotReplaced::Unclear(*part)),
                true if attempt > ATTEMPTS => return Err(error.into()),
                true | false => (),
            }
        }
        if !is_before {
            return Err(NotReplaced::Stale(*part));
        }
        let Err(error) = writer.put_part(user.id, *part, after).await else { break };
        failed = Some(match error.refused() {
            // There is another token by now, if there can be one.
            Some(401) if !token_refused => {
                token_refused = true;
                error
            }
            _ if error.ambiguous() => match writer.before_look(error, attempt).await {
                Ok(error) => error,
                // No other attempt; but it may have been made.
                Err(error) => {
                    let now = reader.part(user.id, *part).await?;
                    return if replacement.unlike(&now).is_empty() {
                        Ok(Vec::new())
                    } else {
                        Err(error.into())
                    };
                }
            },
            _ => writer.before_look(error, attempt).await?,
        });
    }
    let mut pauses = SETTLING.into_iter();
    loop {
        let unlike = replacement.unlike(&reader.part(user.id, *part).await?);
        match pauses.next().filter(|_| !unlike.is_empty()) {
            Some(pause) => writer.wait(Duration::from_millis(pause)).await,
            None => return Ok(unlike),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        serde_json::from_str(text).unwrap()
    }

    fn shown(replacement: &Replacement) -> Vec<String> {
        let line = |it: &Difference| match it {
            Difference::Added(_) => format!("+{}", it.path()),
            Difference::Removed(_) => format!("-{}", it.path()),
            Difference::Changed { .. } => format!("~{}", it.path()),
        };
        replacement.differences().iter().map(line).collect()
    }

    #[test]
    fn a_replacement_says_what_goes_what_changes_and_what_is_new() {
        for (before, after, differences) in [
            (
                r#"{"a":1,"b":[{"c":1},{"c":2}]}"#,
                r#"{"b":[{"c":1},{"c":3}],"d":"é"}"#,
                &["-a", "~b[1].c", "+d"][..],
            ),
            (r#"{"a":1.0}"#, r#"{"a":1.00}"#, &["~a"]),
            (r#"{"a":"\u00e9","b":2}"#, r#"{"b":2,"a":"é"}"#, &[]),
            (r#"{"a":{}}"#, r#"{"a":{"b":null}}"#, &["-a", "+a.b"]),
            (r#"{"id":"x","isActive":true,"persona":"A"}"#, r#"{"persona":"A"}"#, &[]),
        ] {
            let replacement = Replacement::new(Part::Profile, object(before), object(after));
            assert_eq!(shown(&replacement), differences, "{before} {after}");
        }
    }

    #[test]
    fn what_is_read_back_may_say_more_and_nothing_else() {
        let replacement = Replacement::new(
            Part::BusinessInfo,
            object(r#"{"a":1,"old":2}"#),
            object(r#"{"a":{"id":"x"},"empty":[],"off":false}"#),
        );
        for (now, unlike) in [
            (r#"{"a":{"id":"x"}}"#, &[][..]),
            (r#"{"a":{"id":"x","name":"X"},"new":true}"#, &[]),
            (r#"{"a":{"id":"y"}}"#, &["a.id"]),
            (r#"{"a":{"id":"x"},"old":2}"#, &["old"]),
            ("{}", &["a.id"]),
            (r#"{"a":{"id":"x"}, "empty":[]}"#, &[]),
        ] {
            assert_eq!(replacement.unlike(&object(now)), unlike, "{now}");
        }
    }

    #[test]
    fn what_stands_in_for_a_value_is_found_wherever_it_is() {
        let after = object(
            r#"{"gender":"GENDER_REDACTED","name":{"given":"A"},"more":[{"title":"TITLE_REDACTED"}]}"#,
        );
        let replacement = Replacement::new(Part::PersonalInfo, Object::default(), after);
        assert_eq!(replacement.redacted(), ["gender", "more[0].title"]);
        assert_eq!(replacement.unknown(), ["more"]);
    }
}
