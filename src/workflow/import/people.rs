//! How each person is named in the files of an import: by the best key that leads to nobody else. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    files::{
        declared::{DeclaredScope, PendingAudience},
        write::DraftPerson,
    },
    live::{fetch::Profiles, snapshot::Snapshot},
    model::{
        directory::Directory,
        ids::{CompanyId, Email, PersonKey, PersonRef, UserId},
        lookalike::{self, Lookalikes, is_plain},
        observed::User,
        plan::Unresolved,
        scope::{Audience, Kind, Scope, Value},
    },
};

/// Who is known, and by which keys files may name them.
pub(super) struct People<'a> {
    snapshot: &'a Snapshot,
    directory: Directory<'a>,
    listed: BTreeSet<(CompanyId, UserId)>,
    /// Those whose best key looks like somebody else's.
    lookalikes: BTreeSet<(CompanyId, UserId)>,
}

impl<'a> People<'a> {
    /// Knows everybody of these rows, of whom all or those who hold something are to be named.
    pub(super) fn new(snapshot: &'a Snapshot, rows: &'a [User], whole: Profiles) -> Self {
        let listed =
            snapshot.directories.iter().flat_map(|it| it.users.iter().map(|user| (it.company, user.id)));
        let listed = listed.collect();
        let mut people =
            Self { snapshot, directory: Directory::new(rows), listed, lookalikes: BTreeSet::new() };
        people.tell_apart(whole);
        people
    }

    /// The person as a member of a group of the company, or for people why no file can say it.
    pub(super) fn member(&self, company: CompanyId, user: UserId) -> Result<DraftPerson, String> {
        let by_hand = self.keys(user).into_iter().filter(|it| self.leads(company, user, it));
        let apart = by_hand.filter(|_| !self.lookalikes.contains(&(company, user)));
        let id = PersonRef::UserId(user);
        let mut keys = apart.chain([id.clone()]);
        match keys.find(|it| self.directory.member(company, it) == Ok(user)) {
            Some(person) => Ok(DraftPerson { who: self.who(user).filter(|_| person == id), person }),
            None => {
                let why = self.directory.member(company, &id).err().map(|it| it.why);
                let said = match why.unwrap_or(Unresolved::Unknown) {
                    Unresolved::Inactive => "the account is not active",
                    Unresolved::Foreign(_) => "belongs to another company",
                    Unresolved::Hidden => "the API does not tell who that is",
                    Unresolved::Ambiguous(_) | Unresolved::Unknown | Unresolved::Nowhere(_) => {
                        "in no directory that this token sees"
                    }
                };
                let who = self.who(user).map_or_else(|| user.to_string(), |it| format!("{it} ({user})"));
                Err(format!("{who}: {said}"))
            }
        }
    }

    /// The key by which a traveller is found from any company.
    pub(super) fn traveller(&self, user: UserId) -> Option<PersonRef> {
        let keys = self.keys(user).into_iter().filter(|it| matches!(it, PersonRef::Email(_)));
        let keys = keys.filter(|it| {
            self.snapshot.directories.iter().any(|directory| self.leads(directory.company, user, it))
        });
        keys.chain([PersonRef::UserId(user)]).find(|it| self.directory.anywhere(it) == Ok(user))
    }

    /// The travellers of these scopes, by the keys that lead to them wherever they stand.
    pub(super) fn travellers<'s>(
        &self,
        scopes: impl Iterator<Item = &'s Scope>,
    ) -> BTreeMap<UserId, PersonRef> {
        let mut found: BTreeMap<UserId, Option<PersonRef>> = BTreeMap::new();
        for audience in scopes.flat_map(Scope::audiences) {
            for value in audience.iter().filter(|it| it.kind == Kind::Profile).flat_map(|it| &it.values) {
                let Value::Id(id) = value else { continue };
                let user = UserId(*id);
                let key = found.entry(user).or_insert_with(|| self.traveller(user));
                if key.as_ref().is_some_and(|it| !self.covers(audience, user, it)) {
                    *key = None;
                }
            }
        }
        found.into_iter().filter_map(|(user, key)| Some((user, key?))).collect()
    }

    /// Who somebody is, as far as it is told.
    fn who(&self, user: UserId) -> Option<String> {
        self.keys(user).first().map(ToString::to_string)
    }

    /// The keys that people write, the best first, but those that no file can say.
    fn keys(&self, user: UserId) -> Vec<PersonRef> {
        let Some(row) = self.directory.user(user) else { return Vec::new() };
        let keys = [
            (PersonKey::Email, row.email.as_ref().map(Email::as_str)),
            (PersonKey::ExternalId, row.external_id.as_deref()),
            (PersonKey::EmployeeId, row.employee_id.as_deref()),
        ];
        let said = |(key, raw): (PersonKey, Option<&str>)| {
            let person = PersonRef::by(key, raw?).ok()?;
            (person.key() == raw && lookalike::mixed(raw?).is_none()).then_some(person)
        };
        keys.into_iter().filter_map(said).collect()
    }

    /// Whether the company, asked for this key, would name the user: as it is on the list, or was answered so.
    fn leads(&self, company: CompanyId, user: UserId, person: &PersonRef) -> bool {
        if self.listed.contains(&(company, user)) {
            return true;
        }
        let directories = &self.snapshot.directories;
        let Ok(at) = directories.binary_search_by_key(&company, |it| it.company) else { return false };
        let asked = directories[at].asked.iter().filter(|it| it.person == *person);
        asked.flat_map(|it| &it.users).any(|it| it.id == user)
    }

    /// Whether a key means the user in an audience, and nobody else.
    fn covers(&self, audience: &Audience, user: UserId, person: &PersonRef) -> bool {
        let rest: Audience = audience.iter().filter(|it| it.kind != Kind::Profile).cloned().collect();
        let pending = vec![PendingAudience { rest, people: vec![person.clone()] }];
        let (scope, failed) = self.directory.scope(&DeclaredScope { ready: Scope::default(), pending });
        failed.is_empty() && scope.people().eq([user.0])
    }

    /// Finds those whose keys look alike, and are not told apart by who reads them.
    fn tell_apart(&mut self, whole: Profiles) {
        let snapshot = self.snapshot;
        for company in &snapshot.companies {
            let members: BTreeSet<UserId> =
                company.groups.iter().flat_map(|it| &*it.members).copied().collect();
            let all = self.listed.iter().filter(|it| whole == Profiles::Everybody && it.0 == company.id);
            let members = members.into_iter().chain(snapshot.people.iter().map(|it| it.user_id));
            let members: BTreeSet<UserId> = members.chain(all.map(|it| it.1)).collect();
            let members = members.into_iter();
            let keyed: Vec<(PersonRef, UserId)> =
                members.filter_map(|it| Some((self.member(company.id, it).ok()?.person, it))).collect();
            let keys: Vec<(&str, UserId)> =
                keyed.iter().filter_map(|(it, user)| Some((it.key()?, *user))).collect();
            if keys.iter().all(|it| it.0.is_ascii()) {
                continue;
            }
            let keys = Lookalikes::new(keys);
            let pairs = keys.pairs().filter(|((a, one), (b, other))| one != other && !is_plain(a, b));
            let alike: Vec<UserId> = pairs.flat_map(|(a, b)| [a.1, b.1]).collect();
            self.lookalikes.extend(alike.into_iter().map(|it| (company.id, it)));
        }
    }
}
