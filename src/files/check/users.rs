//! People as files write them: their accounts, what their company says of them, and their direct roles.

use super::{
    super::{
        At,
        access::{CreateEntry, DirectRoleEntry, NotificationEntry, TravellerEntry, UserEntry},
        declared::{
            DeclaredDirect, DeclaredDirectRole, DeclaredTrait, DeclaredTraveller, DeclaredUser, TraitValue,
        },
        shape::TextOr,
    },
    Check,
};
use crate::model::{
    direct::{DirectRole, Kind, Reach, TYPES, known},
    finding::{Code, Finding, did_you_mean},
    ids::{Email, InvalidId, PersonKey, PersonRef},
    selector::{Attribute, BETWEEN},
    source::Place,
};

impl Check {
    pub(super) fn user(&mut self, entry: &At<UserEntry>) -> Option<DeclaredUser> {
        const HELP: &str = "write `{ user: WHO, … }` with what is declared of the person: `create`, `active`, `externalId`, `business`, `notifications` or `directRoles`";
        let (from, v) = (self.at(entry), &entry.v);
        let said = [
            v.create.is_absent(),
            v.active.is_absent(),
            v.external_id.is_absent(),
            v.business.is_absent(),
            v.notifications.is_absent(),
            v.direct_roles.is_absent(),
        ];
        let is_silent = said.iter().all(|it| *it);
        self.required(from, "a `users:` entry", &[("user", v.user.is_absent(), HELP)]);
        if is_silent {
            let message = "nothing is declared of this person";
            self.say(Finding::new(Code::InvalidUser, from, message).help(HELP));
        }
        let roles = self.listing(&v.direct_roles, Self::direct_role);
        self.no_direct_role_twice(&roles.entries);
        let (mut traits, create) = (self.traits(v), self.create(v));
        let (notifications, mails) = self.notifications(v);
        traits.extend(mails);
        let reason = self.maybe_reason(&v.reason);
        let says_roles = !v.direct_roles.is_absent();
        let business = v.business.as_ref().map(|it| self.at(it));
        Some(DeclaredUser {
            person: self.person(v.user.as_ref()?)?,
            roles,
            says_roles,
            traits,
            create,
            business,
            notifications,
            reason,
            from,
            is_row: false,
        })
    }

    /// What an account is made with beside what is declared of the person.
    fn create(&mut self, v: &UserEntry) -> Vec<DeclaredTrait> {
        const HELP: &str = "write `create: { name: { first: …, last: … } }`";
        const ENTITY: &str = "the API makes no account without it: `business: { legalEntity: … }`";
        let Some(entry) = v.create.as_ref() else { return Vec::new() };
        let (at, CreateEntry { name, persona }) = (self.at(entry), &entry.v);
        let parts = name.as_ref().map(|it| [&it.v.first, &it.v.last]);
        let has_entity = match v.business.as_ref() {
            Some(business) => !business.v.legal_entity.is_absent(),
            None => v.business.is_wrong(),
        };
        let keys = [
            ("name", name.is_absent(), HELP),
            ("first", parts.is_some_and(|it| it[0].is_absent()), HELP),
            ("last", parts.is_some_and(|it| it[1].is_absent()), HELP),
            ("legalEntity", !has_entity, ENTITY),
        ];
        self.required(at, "a new account", &keys);
        let mut all: Vec<(Attribute, Box<str>, Place)> = Vec::new();
        match v.user.as_ref().and_then(|it| self.person(it)) {
            Some(PersonRef::Email(email)) => all.push((Attribute::Email, email.as_str().into(), at)),
            Some(_) => {
                let message = "an account is made for an e-mail address, and `user` is another key";
                self.say(Finding::new(Code::InvalidUser, at, message).help("name the person by the address"));
            }
            None => (),
        }
        if persona.is_absent() {
            all.push((Attribute::Persona, "EMPLOYEE".into(), at));
        }
        let [first, last] = parts.map_or([None, None], |it| it.map(|it| it.as_ref()));
        let said = [
            (Attribute::FirstName, first),
            (Attribute::LastName, last),
            (Attribute::Persona, persona.as_ref()),
        ];
        for (attribute, raw) in said {
            let Some(raw) = raw else { continue };
            let value = self.attribute(attribute, raw, Code::InvalidUser);
            all.extend(value.map(|it| (attribute, it, self.at(raw))));
        }
        all.sort_by_key(|it| it.0);
        let declared =
            |(attribute, value, from)| DeclaredTrait { attribute, value: TraitValue::Ready(value), from };
        all.into_iter().map(declared).collect()
    }

    /// What is declared of a person apart from access, sorted by attribute.
    fn traits(&mut self, v: &UserEntry) -> Vec<DeclaredTrait> {
        let mut traits = Vec::new();
        if let Some(active) = v.active.as_ref() {
            let value = TraitValue::Ready(if active.v { "true" } else { "false" }.into());
            traits.push(DeclaredTrait { attribute: Attribute::Active, value, from: self.at(active) });
        }
        let mut texts = vec![(Attribute::ExternalId, &v.external_id)];
        if let Some(At { v: business, .. }) = v.business.as_ref() {
            let said = business.texts().iter().any(|it| !it.1.is_absent());
            if let (false, true, true, Some(at)) =
                (said, business.manager.is_absent(), business.approvers.is_absent(), v.business.as_ref())
            {
                let at = self.at(at);
                self.say(Finding::new(Code::InvalidUser, at, "`business` says nothing").help("leave it out"));
            }
            texts.extend(business.texts());
            if let Some(manager) = business.manager.as_ref() {
                let from = self.at(manager);
                let value = self.person(manager).map(|it| TraitValue::People(vec![it]));
                traits.extend(value.map(|value| DeclaredTrait {
                    attribute: Attribute::Manager,
                    value,
                    from,
                }));
            }
            if let Some(approvers) = business.approvers.as_ref() {
                let from = self.at(approvers);
                let people = approvers.v.iter().filter_map(|it| Some((self.person(it)?, self.at(it))));
                let people: Vec<(PersonRef, Place)> = people.collect();
                self.no_approver_twice(&people, Code::InvalidUser);
                let people: Vec<PersonRef> = people.into_iter().map(|it| it.0).collect();
                if approvers.v.is_empty() {
                    self.say(Finding::new(Code::InvalidUser, from, "`approvers` lists nobody").help(
                        "leave the key out to leave them alone; who has none is asked for nobody's approval",
                    ));
                }
                let value = TraitValue::People(people);
                traits.push(DeclaredTrait { attribute: Attribute::Approvers, value, from });
            }
        }
        for (attribute, raw) in texts {
            let Some(raw) = raw.as_ref() else { continue };
            let value = self.of_person(attribute, raw, Code::InvalidUser);
            traits.extend(value.map(|value| DeclaredTrait { attribute, value, from: self.at(raw) }));
        }
        traits.sort_by_key(|it| it.attribute);
        traits
    }

    /// Which mails are declared of a person, sorted by attribute, and where each type of notification begins.
    fn notifications(&mut self, v: &UserEntry) -> (Vec<(&'static str, Place)>, Vec<DeclaredTrait>) {
        let (mut places, mut mails) = (Vec::new(), Vec::new());
        let Some(entry) = v.notifications.as_ref() else { return (places, mails) };
        let types = [
            (&entry.v.flight, [Attribute::FlightNotificationEnabled, Attribute::FlightNotificationCcEmails]),
            (
                &entry.v.booking,
                [Attribute::BookingNotificationEnabled, Attribute::BookingNotificationCcEmails],
            ),
        ];
        if types.iter().all(|it| it.0.is_absent()) {
            self.silent(self.at(entry), "`notifications` says nothing");
        }
        for (of, [enabled, copies]) in types {
            let (Some(of), Some((name, _))) = (of.as_ref(), enabled.notification()) else { continue };
            let (at, NotificationEntry { enabled: is, cc_emails }) = (self.at(of), &of.v);
            places.push((name, at));
            if is.is_absent() && cc_emails.is_absent() {
                self.silent(at, &format!("`{name}` says nothing"));
            }
            if let Some(is) = is.as_ref() {
                let value = TraitValue::Ready(if is.v { "true" } else { "false" }.into());
                mails.push(DeclaredTrait { attribute: enabled, value, from: self.at(is) });
            }
            if let Some(all) = cc_emails.as_ref() {
                let value = TraitValue::Ready(self.addresses(&all.v).join(BETWEEN).into());
                mails.push(DeclaredTrait { attribute: copies, value, from: self.at(all) });
            }
        }
        (places, mails)
    }

    fn silent(&mut self, at: Place, message: &str) {
        self.say(Finding::new(Code::InvalidUser, at, message).help("leave it out"));
    }

    /// The addresses of a list, in its order.
    fn addresses(&mut self, list: &[At<String>]) -> Vec<String> {
        let mut found: Vec<(Email, Place)> = Vec::with_capacity(list.len());
        for raw in list {
            let at = self.at(raw);
            let address: Email = match raw.v.parse() {
                Ok(address) => address,
                Err(error) => {
                    let error: InvalidId = error;
                    let finding = Finding::new(Code::InvalidEmail, at, error.to_string());
                    self.say(finding.help("write an address, such as `desk@voyager.example`"));
                    continue;
                }
            };
            self.one_alphabet(at, address.as_str(), "the address");
            if let Some((_, first)) = found.iter().find(|it| it.0 == address) {
                let finding = Finding::new(Code::InvalidUser, at, format!("{address} is listed twice"));
                self.say(finding.related(*first, "first listed here").help("leave one of them out"));
            }
            found.push((address, at));
        }
        found.into_iter().map(|it| it.0.to_string()).collect()
    }

    fn direct_role(&mut self, entry: &At<DirectRoleEntry>) -> Option<DeclaredDirectRole> {
        let (from, v) = (self.at(entry), &entry.v);
        let term = self.term(&v.from, &v.until);
        let has_reason = self.maybe_reason(&v.reason).is_some();
        if v.r#type.is_wrong() || v.raw.is_wrong() {
            return None;
        }
        let what = match (v.r#type.as_ref(), v.raw.as_ref()) {
            (Some(name), None) => self.typed(from, name, v),
            (None, Some(_)) => self.verbatim(v),
            (None, None) => {
                let help = "write `{ type: COMPANY_ADMIN, company: … }`, or `{ raw: … }` for a type this rolecall does not know";
                self.required(from, "a direct role", &[("type", true, help)]);
                None
            }
            (Some(name), Some(_)) => self.wrong(
                Finding::new(Code::InvalidDirectRole, self.at(name), "`type` and `raw` exclude each other")
                    .help("keep `type`, or put it into `raw` as `roleType`"),
            ),
        };
        Some(DeclaredDirectRole { what: what?, term, has_reason, from })
    }

    fn typed(&mut self, from: Place, name: &At<String>, v: &DirectRoleEntry) -> Option<DeclaredDirect> {
        let Some((role_type, reach)) = known(&name.v) else {
            let words = TYPES.map(|it| it.0);
            let message = format!("`{}` is not a direct role type this version of rolecall knows", name.v);
            return self.wrong(
                Finding::new(Code::InvalidDirectRole, self.at(name), message)
                    .help(format!("the types are {}; write any other as `raw`", words.join(", ")))
                    .maybe_help(did_you_mean(&name.v, words)),
            );
        };
        const ID: &str = "an id, or a name from `ids.company`";
        let (key, help) = match reach {
            Reach::Company => ("company", ID),
            Reach::Tmc => ("tmc", ID),
            Reach::Travellers => {
                ("arrangerFor", "name at least one traveller: `arrangerFor: [vip@globex.example]`")
            }
            Reach::Everything => ("", ""),
        };
        let is_doubtful = v.company.is_wrong() || v.tmc.is_wrong() || v.arranger_for.is_wrong();
        if !self.fits(role_type, key, v) || is_doubtful {
            return None;
        }
        // No other key is there.
        let on = v.company.as_ref().or(v.tmc.as_ref());
        let travellers = v.arranger_for.as_ref().filter(|it| !it.v.is_empty());
        match (reach, on, travellers) {
            (Reach::Everything, ..) => Some(DeclaredDirect::Ready(DirectRole::new(role_type, None))),
            (Reach::Company | Reach::Tmc, Some(on), _) => {
                let on = self.company(on)?;
                Some(DeclaredDirect::Ready(DirectRole::new(role_type, Some(on))))
            }
            (Reach::Travellers, _, Some(list)) => self.travellers(&list.v),
            (Reach::Company | Reach::Tmc | Reach::Travellers, ..) => {
                self.required(from, &format!("`{role_type}`"), &[(key, true, help)]);
                None
            }
        }
    }

    /// Whether there is no key but the one that the type takes; an empty `needed` is none.
    fn fits(&mut self, role_type: &str, needed: &str, v: &DirectRoleEntry) -> bool {
        let given = [
            ("company", v.company.as_ref().map(|it| self.at(it))),
            ("tmc", v.tmc.as_ref().map(|it| self.at(it))),
            ("arrangerFor", v.arranger_for.as_ref().map(|it| self.at(it))),
        ];
        let before = self.findings.len();
        for (key, at) in given.into_iter().filter(|it| it.0 != needed) {
            let Some(at) = at else { continue };
            let help = match needed {
                "" => "it takes no other key".to_owned(),
                needed => format!("it takes `{needed}`"),
            };
            let message = format!("`{key}` means nothing for `{role_type}`");
            self.say(Finding::new(Code::InvalidDirectRole, at, message).help(help));
        }
        self.findings.len() == before
    }

    fn travellers(&mut self, list: &[At<TravellerEntry>]) -> Option<DeclaredDirect> {
        let mut found: Vec<(DeclaredTraveller, Place)> = Vec::new();
        for entry in list {
            let at = self.at(entry);
            let Some(traveller) = self.traveller(at, &entry.v) else { continue };
            if let Some((_, first)) = found.iter().find(|it| it.0.person == traveller.person) {
                let message = format!("{} is listed twice", traveller.person);
                self.say(
                    Finding::new(Code::DuplicateDirectRole, at, message).related(*first, "first listed here"),
                );
            }
            found.push((traveller, at));
        }
        let whole = found.len() == list.len();
        let mut travellers: Vec<DeclaredTraveller> = found.into_iter().map(|it| it.0).collect();
        travellers.sort();
        whole.then_some(DeclaredDirect::Arranger(travellers))
    }

    fn traveller(&mut self, at: Place, entry: &TravellerEntry) -> Option<DeclaredTraveller> {
        let keys = match entry {
            TextOr::Text(address) => {
                let person = self.by(at, PersonKey::Email, address)?;
                return Some(DeclaredTraveller { person, confirmations: false, flight_stats: false });
            }
            TextOr::Keys(keys) => keys,
        };
        let help = "write `{ user: WHO, sendConfirmationEmail: true }`";
        self.required(at, "a traveller", &[("user", keys.user.is_absent(), help)]);
        Some(DeclaredTraveller {
            person: self.person(keys.user.as_ref()?)?,
            confirmations: keys.send_confirmation_email.read(|it| Some(*it))?.unwrap_or_default(),
            flight_stats: keys.send_flight_stats_notification_email.read(|it| Some(*it))?.unwrap_or_default(),
        })
    }

    /// Reads an element in the API's own form. What this version understands is written out instead: there
    /// must not be two ways to say one thing, of which one hides what it says.
    fn verbatim(&mut self, v: &DirectRoleEntry) -> Option<DeclaredDirect> {
        let raw = v.raw.as_ref()?;
        if !self.fits("raw", "", v) {
            return None;
        }
        let (message, help) = match raw.v.get("roleType").and_then(|it| it.as_str()) {
            None | Some("") => {
                ("`raw` has no `roleType`".to_owned(), "write the element whole, as the API shows it")
            }
            Some(name) => {
                let role = DirectRole::read(serde_json::value::to_raw_value(&raw.v).ok()?);
                if let Kind::Verbatim(..) = role.kind() {
                    return Some(DeclaredDirect::Ready(role));
                }
                (format!("`{name}` is a type that this rolecall knows"), "write it as `type`")
            }
        };
        self.wrong(Finding::new(Code::InvalidDirectRole, self.at(raw), message).help(help))
    }
}
