//! What a file may say of a part of a person before it takes the place of that: it is this part, and this person's, and it
//! gives and takes no access. Looks only at names, ids and whether two values are the same, and quotes no value.

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::model::{
    ids::parse_uuid,
    object::{Object, same},
    observed::User,
    part::Part,
};

/// Why a file does not take the place of a part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Unfit {
    #[error("the file is of another person: its `{0}` is not the id of the person")]
    Another(String),
    #[error("the file has no field of {} that can be put", .0.word())]
    Nothing(Part),
    #[error("`{field}` is a field of {}, and not of {}", .of.word(), .part.word())]
    Foreign { field: String, of: Part, part: Part },
    #[error("`{0}` has to be written `{1}`")]
    Spelling(String, &'static str),
    #[error("`{field}` of {} has another form than in the file", .part.word())]
    Form { field: &'static str, part: Part },
    #[error("`{path}` of the file is not what the API says, and {why}")]
    Held { path: String, why: &'static str, instead: &'static str },
}

impl Unfit {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Another(_) => {
                "export the person's own data with `rolecall users export`, and change that; nothing was written"
            }
            Self::Nothing(_) | Self::Foreign { .. } | Self::Form { .. } => {
                "`--part` says which part the file is, as its name does in an export; nothing was written"
            }
            Self::Spelling(..) => "correct the name of the field; nothing was written",
            Self::Held { instead, .. } => instead,
        }
    }
}

/// What goes where a file leaves a field out that is not its to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    /// What is live stays.
    Stays,
    /// It would go, as everything does.
    Goes,
}

/// A field that no file of a part may change, why, and what to do instead.
struct Held {
    field: &'static str,
    left_out: LeftOut,
    why: &'static str,
    instead: &'static str,
}

const ACCESS: &str = "that is access, which only a plan changes";
const OF_THE_API: &str = "only the API says that";

const OF_PROFILE: [Held; 7] = [
    Held {
        field: "isActive",
        left_out: LeftOut::Stays,
        why: ACCESS,
        instead: "declare `active:` of the person under `users:`, and apply; nothing was written",
    },
    Held {
        field: "roles",
        left_out: LeftOut::Stays,
        why: ACCESS,
        instead: "declare `directRoles:` of the person under `users:`, and apply; nothing was written",
    },
    Held {
        field: "travelArrangers",
        left_out: LeftOut::Stays,
        why: ACCESS,
        instead: "declare `directRoles:` of who arranges, with `arrangerFor`, and apply; nothing was written",
    },
    Held {
        field: "stealthMode",
        left_out: LeftOut::Stays,
        why: OF_THE_API,
        instead: "leave it out, or write `stealthType`; nothing was written",
    },
    Held {
        field: "contractingTmcRef",
        left_out: LeftOut::Stays,
        why: OF_THE_API,
        instead: "leave it out; nothing was written",
    },
    Held {
        field: "bookingTmcRef",
        left_out: LeftOut::Stays,
        why: OF_THE_API,
        instead: "leave it out; nothing was written",
    },
    Held {
        field: "id",
        left_out: LeftOut::Stays,
        why: OF_THE_API,
        instead: "leave it out; nothing was written",
    },
];

const OF_BUSINESS_INFO: [Held; 3] = [
    Held {
        field: "managerRef",
        left_out: LeftOut::Goes,
        why: ACCESS,
        instead: "declare `manager:` under `business:` of the person, and apply; nothing was written",
    },
    Held {
        field: "designatedApproverRefs",
        left_out: LeftOut::Goes,
        why: ACCESS,
        instead: "declare `approvers:` under `business:` of the person, and apply; nothing was written",
    },
    Held {
        field: "organizationRef",
        left_out: LeftOut::Goes,
        why: "nobody is moved to another company",
        instead: "write it as `rolecall users export` does; somebody of another company has another account; nothing was written",
    },
];

fn held(part: Part) -> &'static [Held] {
    match part {
        Part::Profile => &OF_PROFILE,
        Part::BusinessInfo => &OF_BUSINESS_INFO,
        _ => &[],
    }
}

/// The field of a profile in which there is a part of which some is not the file's to say.
const BUSINESS: &str = "businessInfo";

/// Looks whether a file can take the place of a part as it is.
///
/// # Errors
///
/// See [`Unfit`].
pub fn fitting(user: &User, part: Part, live: &Object, file: &Object) -> Result<(), Unfit> {
    let is_id = |name: &str| ["id", "userid"].contains(&&*folded(name));
    for (name, value) in file.iter().filter(|it| is_id(it.0)) {
        let is_told = live.get(name).is_some_and(|it| same(it, value));
        if !is_told && ids(Some(value)) != Some(vec![user.id.0]) {
            return Err(Unfit::Another(name.to_owned()));
        }
    }
    named(part, "", live, file)?;
    let fixed = |name: &str| part.read_only().contains(&name) || held(part).iter().any(|it| it.field == name);
    let says = |name: &str| !fixed(name) && (part.fields().contains(&name) || live.get(name).is_some());
    let is_nothing = file.is_empty() && live.is_empty();
    if !is_nothing && !file.iter().any(|it| says(it.0)) {
        return Err(Unfit::Nothing(part));
    }
    if let Some(field) = part.key()
        && let (Some(is), Some(wanted)) = (live.get(field), file.get(field))
        && form(is) != form(wanted)
    {
        return Err(Unfit::Form { field, part });
    }
    unchanged(user, part, "", live, file)?;
    if part == Part::Profile {
        let inner = |it: &Object| it.read::<Object>(BUSINESS).unwrap_or_default();
        let (live, file) = (inner(live), inner(file));
        let within = format!("{BUSINESS}.");
        named(Part::BusinessInfo, &within, &live, &file)?;
        unchanged(user, Part::BusinessInfo, &within, &live, &file)?;
    }
    Ok(())
}

/// Puts what is not the file's to say into it as it was read, so that it is sent to the letter.
pub(super) fn restored(part: Part, live: &Object, file: &mut Object) {
    for Held { field, left_out, .. } in held(part) {
        match (live.get(field), file.get(field).is_some()) {
            (Some(value), is_said) if is_said || *left_out == LeftOut::Stays => file.set(field, value),
            (None, true) => file.remove(field),
            _ => (),
        }
    }
    if part == Part::Profile
        && let (Some(live), Some(mut inner)) = (live.read(BUSINESS), file.read(BUSINESS))
    {
        restored(Part::BusinessInfo, &live, &mut inner);
        file.set(BUSINESS, &inner);
    }
}

/// Refuses fields of other parts, and names that a reader may take for one that is known: what is held to be as it is would
/// come in by another spelling.
fn named(part: Part, within: &str, live: &Object, file: &Object) -> Result<(), Unfit> {
    let known = || part.fields().iter().copied().chain(held(part).iter().map(|it| it.field));
    for (name, _) in file.iter().filter(|it| live.get(it.0).is_none() && !known().any(|known| known == it.0))
    {
        let path = || format!("{within}{name}");
        if let Some(meant) = known().find(|it| folded(it) == folded(name)) {
            return Err(Unfit::Spelling(path(), meant));
        }
        let mut others = Part::ALL.iter().copied().filter(|it| *it != part);
        if let Some(of) = others.find(|it| it.fields().contains(&name)) {
            return Err(Unfit::Foreign { field: path(), of, part });
        }
    }
    Ok(())
}

/// Refuses what is not the file's to say and is not what is live.
fn unchanged(user: &User, part: Part, within: &str, live: &Object, file: &Object) -> Result<(), Unfit> {
    for Held { field, left_out, why, instead } in held(part) {
        let (is, wanted) = (live.get(field), file.get(field));
        let is_so = match (wanted, *field) {
            (None, _) if *left_out == LeftOut::Stays => true,
            // Of an id it was looked at whose it is.
            (_, "id") => true,
            // Some servers leave out what is false.
            (Some(wanted), "isActive") if is.is_none() => wanted.get() == user.active.to_string(),
            (_, field) if field.ends_with("Ref") || field.ends_with("Refs") => {
                ids(is).is_some_and(|it| Some(it) == ids(wanted))
            }
            _ => alike(is, wanted),
        };
        if !is_so {
            return Err(Unfit::Held { path: format!("{within}{field}"), why, instead });
        }
    }
    Ok(())
}

/// Whether two fields say the same, or both nothing.
fn alike(one: Option<&RawValue>, other: Option<&RawValue>) -> bool {
    let something = |it: Option<&'_ RawValue>| it.is_some_and(|it| !["null", "[]"].contains(&it.get()));
    match (one, other) {
        (Some(one), Some(other)) if same(one, other) => true,
        _ => !something(one) && !something(other),
    }
}

/// The ids of a reference or of a list of them; nothing where a value is anything else. What else stands there, such as a
/// name, is not what it refers by.
fn ids(value: Option<&RawValue>) -> Option<Vec<Uuid>> {
    let Some(value) = value.map(RawValue::get).filter(|it| *it != "null") else { return Some(Vec::new()) };
    let of = |it: &RawValue| {
        let id =
            serde_json::from_str::<Object>(it.get()).map(|it| it.read::<String>("id").unwrap_or_default());
        parse_uuid(&id.or_else(|_| serde_json::from_str(it.get())).ok()?)
    };
    match serde_json::from_str::<Vec<&RawValue>>(value) {
        Ok(all) => all.into_iter().map(of).collect(),
        Err(_) => Some(vec![of(serde_json::from_str(value).ok()?)?]),
    }
}

/// A name as a reader takes it that looks neither at capitals nor at what stands between words.
fn folded(name: &str) -> String {
    name.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether it is an object, a list, a text or anything else; of nothing it is not known.
fn form(value: &RawValue) -> u8 {
    value.get().bytes().next().filter(|it| b"{[\"".contains(it)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::ids::UserId;

    const ANA: &str = "1a6f0000-0000-4000-8000-00000000000a";
    const BO: &str = "1a6f0000-0000-4000-8000-00000000000b";

    fn told(part: Part, live: &Value, file: &Value) -> String {
        let user = User { active: true, ..User::hidden(UserId(parse_uuid(ANA).unwrap())) };
        match fitting(&user, part, &Object::of(live), &Object::of(file)) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    fn business() -> Value {
        json!({
            "organizationRef": { "id": BO, "name": "Voyager" }, "managerRef": { "id": BO, "name": "Bo" },
            "designatedApproverRefs": [{ "id": BO }, { "id": ANA }], "designation": "Lead", "new": 1,
        })
    }

    fn profile() -> Value {
        json!({
            "id": ANA, "persona": "EMPLOYEE", "isActive": true, "businessInfo": business(),
            "roles": [{ "roleType": "TMC_AGENT" }], "stealthMode": { "stealthType": "NONE", "label": "x" },
        })
    }

    #[test]
    fn a_file_says_of_access_what_is_so_or_nothing() {
        let cases: [(&str, Value, &str); 19] = [
            ("/id", json!(ANA.to_uppercase()), ""),
            ("/id", json!(BO), "another person"),
            ("/userId", json!({ "id": BO }), "another person"),
            ("/ID", json!(BO), "another person"),
            ("/isActive", json!(false), "`isActive`"),
            ("/is_active", json!(false), "has to be written `isActive`"),
            ("/roles", json!([]), "`roles`"),
            ("/roles", json!([{ "roleType": "GLOBAL_ADMIN" }]), "`roles`"),
            ("/roles/0/roleType", json!("TMC_ADMIN"), "`roles`"),
            ("/travelArrangers", json!([]), ""),
            ("/travelArrangers", json!([{ "userId": { "id": BO } }]), "`travelArrangers`"),
            ("/stealthMode/stealthType", json!("STEALTH"), "`stealthMode`"),
            ("/bookingTmcRef", json!({ "id": BO }), "`bookingTmcRef`"),
            ("/businessInfo/managerRef", json!({ "id": BO.to_uppercase() }), ""),
            ("/businessInfo/managerRef", json!(null), "`businessInfo.managerRef`"),
            (
                "/businessInfo/manager_ref",
                json!({ "id": ANA }),
                "`businessInfo.manager_ref` has to be written",
            ),
            (
                "/businessInfo/designatedApproverRefs",
                json!([{ "id": BO }]),
                "`businessInfo.designatedApproverRefs`",
            ),
            ("/business_info", json!({}), "has to be written `businessInfo`"),
            ("/businessInfo", json!(null), "`businessInfo.managerRef`"),
        ];
        for (at, value, said) in cases {
            let mut file = profile();
            put(&mut file, at, &value);
            let found = told(Part::Profile, &profile(), &file);
            assert!(found.contains(said) && found.is_empty() == said.is_empty(), "{at} {value}: {found}");
            // What stands in business info is the same there alone.
            if let Some(at) = at.strip_prefix("/businessInfo/") {
                let mut file = business();
                put(&mut file, &format!("/{at}"), &value);
                let found = told(Part::BusinessInfo, &business(), &file);
                let said = said.replace("businessInfo.", "");
                assert!(
                    found.contains(&said) && found.is_empty() == said.is_empty(),
                    "{at} {value}: {found}"
                );
            }
        }
    }

    /// Sets what a pointer leads to, or the field that it names.
    fn put(object: &mut Value, at: &str, value: &Value) {
        if let Some(there) = object.pointer_mut(at) {
            *there = value.clone();
            return;
        }
        let (within, name) = at.rsplit_once('/').unwrap();
        object.pointer_mut(within).unwrap()[name] = value.clone();
    }

    #[test]
    fn what_a_file_leaves_out_of_access_stays_or_is_asked_for() {
        for (field, said) in [
            ("id", ""),
            ("isActive", ""),
            ("roles", ""),
            ("stealthMode", ""),
            ("persona", ""),
            ("businessInfo", "`businessInfo.managerRef`"),
        ] {
            let mut file = profile();
            file.as_object_mut().unwrap().remove(field);
            let found = told(Part::Profile, &profile(), &file);
            assert!(found.contains(said) && found.is_empty() == said.is_empty(), "{field}: {found}");
            let (live, mut file) = (Object::of(&profile()), Object::of(&file));
            restored(Part::Profile, &live, &mut file);
            assert_eq!(file.read::<Value>("roles"), Some(profile()["roles"].clone()), "{field}");
        }
        for field in ["managerRef", "designatedApproverRefs", "organizationRef", "designation"] {
            let mut file = business();
            file.as_object_mut().unwrap().remove(field);
            let found = told(Part::BusinessInfo, &business(), &file);
            assert_eq!(found.is_empty(), field == "designation", "{field}: {found}");
        }
    }

    #[test]
    fn what_is_said_of_access_is_sent_as_it_was_read() {
        let mut file = profile();
        put(&mut file, "/businessInfo/managerRef", &json!({ "id": BO, "name": "x", "more": [1] }));
        put(&mut file, "/businessInfo/designation", &json!("Head"));
        assert_eq!(told(Part::Profile, &profile(), &file), "");
        let (live, mut file) = (Object::of(&profile()), Object::of(&file));
        restored(Part::Profile, &live, &mut file);
        let mut wanted = profile();
        put(&mut wanted, "/businessInfo/designation", &json!("Head"));
        assert!(file.same(&Object::of(&wanted)), "{}", serde_json::to_string(&file).unwrap());
        // What the API does not tell is not sent either.
        let (live, mut file) = (Object::of(&json!({ "persona": "x" })), Object::of(&profile()));
        restored(Part::Profile, &live, &mut file);
        assert!(file.get("roles").is_none());
    }

    #[test]
    fn a_file_is_the_part_that_it_is_said_to_be() {
        let (lists, objects) = (json!({ "preferences": [] }), json!({ "preferences": {} }));
        let personal = json!({ "email": "a@b.example", "dob": {}, "new": 1 });
        for (part, live, file, said) in [
            (Part::TravelPreferences, &objects, &objects, ""),
            (Part::TravelPreferences, &objects, &lists, "another form"),
            (Part::NotificationPreferences, &lists, &objects, "another form"),
            (Part::TravelPreferences, &objects, &personal, "`dob` is a field of personal-info"),
            (Part::BusinessInfo, &json!({}), &personal, "`dob` is a field of personal-info"),
            (Part::PersonalInfo, &json!({}), &personal, ""),
            (
                Part::TravelPreferences,
                &objects,
                &json!({ "version": 1, "kind": "users-export" }),
                "has no field",
            ),
            (Part::TravelPreferences, &objects, &json!({}), "has no field"),
            (Part::TravelPreferences, &json!({}), &json!({}), ""),
            (Part::TravelPreferences, &json!({}), &json!({ "prefs": 1 }), "has no field"),
            (Part::TravelPreferences, &json!({ "prefs": 1 }), &json!({ "prefs": 2 }), ""),
            (Part::TravelPreferences, &objects, &json!({ "preferences": {}, "more": 2 }), ""),
            (
                Part::TravelPreferences,
                &objects,
                &json!({ "Preferences": {} }),
                "has to be written `preferences`",
            ),
            (Part::ExternalId, &json!({ "externalId": "" }), &profile(), "is a field of profile"),
            (Part::Profile, &profile(), &json!({ "id": ANA, "isActive": true }), "has no field"),
            (Part::PersonalInfo, &personal, &json!({ "dob": {}, "roles": [] }), "is a field of roles"),
        ] {
            let found = told(part, live, file);
            assert!(found.contains(said) && found.is_empty() == said.is_empty(), "{part:?} {file}: {found}");
        }
    }
}
