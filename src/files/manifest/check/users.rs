//! People with roles outside groups, as files write them.

use super::{
    super::{
        At,
        access::{DirectRoleEntry, PersonEntry, TravellerEntry, UserEntry},
        declared::{DeclaredDirect, DeclaredDirectRole, DeclaredTraveller, DeclaredUser},
    },
    Check, people,
    values::until,
};
use crate::model::{
    direct::{DirectRole, Kind, Reach, TYPES, known},
    finding::{Code, Finding, did_you_mean},
    ids::PersonRef,
    source::{FileId, Place},
};

impl Check {
    pub(super) fn user(&mut self, file: FileId, entry: &At<UserEntry>) -> Option<DeclaredUser> {
        let (at, v) = (entry.place(file), &entry.v);
        for (key, missing) in [("user", v.user.is_none()), ("directRoles", v.direct_roles.is_none())] {
            if missing {
                self.say(
                    Finding::new(Code::MissingKey, at, format!("a `users:` entry has no `{key}`")).help(
                        "write `{ user: WHO, directRoles: […] }`; `[]` is none, and `unmanaged` leaves them alone",
                    ),
                );
            }
        }
        let roles = self.listing(v.direct_roles.as_ref(), |check, it| check.direct_role(file, it));
        self.no_direct_role_twice(&roles.entries);
        let person = self.person(file, v.user.as_ref()?);
        Some(DeclaredUser { person: person?, roles, from: at })
    }

    pub(super) fn person(&mut self, file: FileId, entry: &At<PersonEntry>) -> Option<PersonRef> {
        let at = entry.place(file);
        let found = match &entry.v {
            PersonEntry::Address(address) => people::address(at, address),
            PersonEntry::Keys(keys) => {
                people::person(file, at, [&keys.email, &keys.external_id, &keys.employee_id, &keys.user_id])
            }
        };
        self.take(found)
    }

    fn direct_role(&mut self, file: FileId, entry: &At<DirectRoleEntry>) -> Option<DeclaredDirectRole> {
        let (from, v) = (entry.place(file), &entry.v);
        let ends = v.until.as_ref().and_then(|it| self.take(until(file, it)));
        let what = match (&v.r#type, &v.raw) {
            (Some(name), None) => self.typed(file, from, name, v),
            (None, Some(_)) => self.verbatim(file, v),
            (None, None) => {
                self.say(
                    Finding::new(Code::MissingKey, from, "a direct role has no `type`")
                        .help("write `{ type: COMPANY_ADMIN, company: … }`, or `{ raw: … }` for a type this rolecall does not know"),
                );
                None
            }
            (Some(name), Some(_)) => {
                self.say(
                    Finding::new(
                        Code::InvalidDirectRole,
                        name.place(file),
                        "`type` and `raw` exclude each other",
                    )
                    .help("keep `type`, or put it into `raw` as `roleType`"),
                );
                None
            }
        };
        Some(DeclaredDirectRole { what: what?, ends, from })
    }

    fn typed(
        &mut self,
        file: FileId,
        from: Place,
        name: &At<String>,
        v: &DirectRoleEntry,
    ) -> Option<DeclaredDirect> {
        let Some((role_type, reach)) = known(&name.v) else {
            let words = TYPES.map(|it| it.0);
            self.say(
                Finding::new(
                    Code::InvalidDirectRole,
                    name.place(file),
                    format!("`{}` is no type of direct role that this rolecall knows", name.v),
                )
                .help(format!("the types are {}; write any other as `raw`", words.join(", ")))
                .maybe_help(did_you_mean(&name.v, words)),
            );
            return None;
        };
        let needed = match reach {
            Reach::Company => Some("company"),
            Reach::Tmc => Some("tmc"),
            Reach::Travellers => Some("arrangerFor"),
            Reach::Everything => None,
        };
        if !self.fits(file, role_type, needed, v) {
            return None;
        }
        match reach {
            Reach::Company | Reach::Tmc => {
                let on = v.company.as_ref().or(v.tmc.as_ref());
                let Some(on) = on else { return self.missing(from, role_type, needed?) };
                let on = self.company(file, on)?;
                Some(DeclaredDirect::Ready(DirectRole::new(role_type, Some(on))))
            }
            Reach::Everything => Some(DeclaredDirect::Ready(DirectRole::new(role_type, None))),
            Reach::Travellers => match &v.arranger_for {
                Some(list) if !list.v.is_empty() => self.travellers(file, &list.v),
                Some(_) | None => self.missing(from, role_type, needed?),
            },
        }
    }

    fn missing<T>(&mut self, at: Place, role_type: &str, key: &str) -> Option<T> {
        let help = match key {
            "arrangerFor" => "name at least one traveller: `arrangerFor: [vip@globex.example]`",
            _ => "an id, or a name from `ids.company`",
        };
        self.say(Finding::new(Code::MissingKey, at, format!("`{role_type}` has no `{key}`")).help(help));
        None
    }

    /// Whether there is no key but the one that the type takes.
    fn fits(&mut self, file: FileId, role_type: &str, needed: Option<&str>, v: &DirectRoleEntry) -> bool {
        let given = [
            ("company", v.company.as_ref().map(|it| it.place(file))),
            ("tmc", v.tmc.as_ref().map(|it| it.place(file))),
            ("arrangerFor", v.arranger_for.as_ref().map(|it| it.place(file))),
        ];
        let mut fits = true;
        for (key, at) in given.into_iter().filter(|it| Some(it.0) != needed) {
            let Some(at) = at else { continue };
            fits = false;
            let help = match needed {
                Some(needed) => format!("it takes `{needed}`"),
                None => "it takes no other key".to_owned(),
            };
            let message = format!("`{key}` means nothing for `{role_type}`");
            self.say(Finding::new(Code::InvalidDirectRole, at, message).help(help));
        }
        fits
    }

    fn travellers(&mut self, file: FileId, list: &[At<TravellerEntry>]) -> Option<DeclaredDirect> {
        let mut found: Vec<(DeclaredTraveller, Place)> = Vec::new();
        let mut whole = true;
        for entry in list {
            let at = entry.place(file);
            let traveller = match &entry.v {
                TravellerEntry::Address(address) => self
                    .take(people::address(at, address))
                    .map(|person| DeclaredTraveller { person, confirmations: false, flight_stats: false }),
                TravellerEntry::Keys(keys) => match &keys.user {
                    Some(user) => self.person(file, user).map(|person| DeclaredTraveller {
                        person,
                        confirmations: keys.send_confirmation_email,
                        flight_stats: keys.send_flight_stats_notification_email,
                    }),
                    None => {
                        let message = "a traveller has no `user`";
                        self.say(
                            Finding::new(Code::MissingKey, at, message)
                                .help("write `{ user: WHO, sendConfirmationEmail: true }`"),
                        );
                        None
                    }
                },
            };
            whole &= traveller.is_some();
            let Some(traveller) = traveller else { continue };
            if let Some((_, first)) = found.iter().find(|it| it.0.person == traveller.person) {
                let message = format!("{} is listed twice", traveller.person);
                self.say(
                    Finding::new(Code::DuplicateDirectRole, at, message).related(*first, "first listed here"),
                );
            }
            found.push((traveller, at));
        }
        let mut travellers: Vec<DeclaredTraveller> = found.into_iter().map(|it| it.0).collect();
        travellers.sort();
        whole.then_some(DeclaredDirect::Arranger(travellers))
    }

    /// Reads an element in the API's own form. What this version understands is written out instead: there
    /// must not be two ways to say one thing, of which one hides what it says.
    fn verbatim(&mut self, file: FileId, v: &DirectRoleEntry) -> Option<DeclaredDirect> {
        let raw = v.raw.as_ref()?;
        let wrong = |message: &str| Finding::new(Code::InvalidDirectRole, raw.place(file), message);
        if !self.fits(file, "raw", None, v) {
            return None;
        }
        if raw.v.get("roleType").and_then(|it| it.as_str()).is_none_or(str::is_empty) {
            self.say(wrong("`raw` has no `roleType`").help("write the element whole, as the API shows it"));
            return None;
        }
        let element = serde_json::value::to_raw_value(&raw.v).ok()?;
        let role = DirectRole::read(element);
        match role.kind() {
            Kind::Verbatim(..) => Some(DeclaredDirect::Ready(role)),
            Kind::Plain(name) | Kind::On(name, _) => {
                self.say(
                    wrong(&format!("`{name}` is a type that this rolecall knows")).help("write it as `type`"),
                );
                None
            }
            Kind::Arranger => {
                self.say(
                    wrong("`TRAVEL_ARRANGER` is a type that this rolecall knows").help("write it as `type`"),
                );
                None
            }
        }
    }
}
