//! Which ids each kind of answer tells of itself, by the names under which a request asks for them.
//!
//! What no field tells cannot be compared; `docs/answers.md` has all of it.

use serde::de::IgnoredAny;
use uuid::Uuid;

use super::{
    Group, RbacInfo, Role,
    about::About,
    page::{Page, Row},
    wire::{Catalogue, Created, Echo, Elements, HeldDirectly, Member, Told, Wire},
};
use crate::model::{
    ids::{GroupId, UserId},
    object::Object,
    observed::GroupRole,
};

impl About for Group {
    fn say(&self, each: &mut dyn FnMut(&'static str, Uuid)) {
        each("companyId", self.company.0);
        each("groupId", self.id.0);
    }
}

impl About for Role {
    fn say(&self, each: &mut dyn FnMut(&'static str, Uuid)) {
        each("roleId", self.id.0);
        // One of the platform is everybody's.
        if let Some(owner) = self.company.filter(|_| self.is_platform_role != Some(true)) {
            each("companyId", owner.0);
        }
    }
}

impl About for Told {
    fn say(&self, each: &mut dyn FnMut(&'static str, Uuid)) {
        each("userId", self.id().0);
        if let Some(company) = self.company() {
            each("companyId", company.0);
        }
    }
}

impl About for Elements {
    fn say(&self, each: &mut dyn FnMut(&'static str, Uuid)) {
        self.rows().iter().for_each(|it| it.say(each));
    }
}

impl<T: Row> About for Page<T> {
    fn say(&self, each: &mut dyn FnMut(&'static str, Uuid)) {
        self.rows.iter().for_each(|it| it.say(each));
    }
}

impl About for Echo {
    fn say(&self, each: &mut dyn FnMut(&'static str, Uuid)) {
        self.id.into_iter().for_each(|it| each("groupId", it));
        self.company.into_iter().for_each(|it| each("companyId", it));
    }
}

/// A part of a person; of these, only the profile tells whose it is.
impl About for Object {
    fn say(&self, each: &mut dyn FnMut(&'static str, Uuid)) {
        if let Some(id) = self.read::<Uuid>("id") {
            each("userId", id);
        }
    }
}

/// Answers that do not tell whose they are.
macro_rules! untold {
    ($($name:ty),*) => {$(
        impl About for $name {
            fn say(&self, _: &mut dyn FnMut(&'static str, Uuid)) {}
        }
    )*};
}
untold!(
    Member,
    Wire<GroupRole>,
    HeldDirectly,
    RbacInfo,
    Catalogue,
    Created<GroupId>,
    Created<UserId>,
    IgnoredAny
);

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::{
        super::{Request, about::compared},
        *,
    };

    const COMPANY: Uuid = Uuid::from_u128(1);
    const OBJECT: Uuid = Uuid::from_u128(2);
    const ELSE: Uuid = Uuid::from_u128(9);

    /// What the answer to a request below `/companies/{companyId}` for one object comes to.
    fn said<T: DeserializeOwned + About>(template: &'static str, answer: Value) -> Option<String> {
        let ids: &[Uuid] = if template.contains("companyId") { &[COMPANY, OBJECT] } else { &[OBJECT] };
        let request = Request::reads(Method::GET, template, ids);
        let answer = serde_json::from_value::<T>(answer).unwrap();
        compared(&request, answer).err().map(|it| it.to_string())
    }

    #[test]
    fn whatever_an_answer_tells_of_itself_is_compared() {
        const GROUP: &str = "/companies/{companyId}/groups/{groupId}";
        let group = |id: Uuid, company: Uuid| json!({ "id": id, "name": "n", "companyId": company });
        assert_eq!(said::<Group>(GROUP, group(OBJECT, COMPANY)), None);
        for (id, company, name) in
            [(ELSE, COMPANY, "groupId"), (OBJECT, ELSE, "companyId"), (COMPANY, OBJECT, "companyId")]
        {
            let said = said::<Group>(GROUP, group(id, company)).unwrap();
            assert!(said.contains(&format!("another: {name} is ")), "{said}");
        }
        let page = json!({ "userGroups": [group(OBJECT, COMPANY), group(ELSE, COMPANY), group(ELSE, ELSE)] });
        assert!(
            said::<Page<Group>>("/companies/{companyId}/list", page.clone()).unwrap().contains("companyId")
        );
        assert_eq!(said::<Page<Group>>("/users/{userId}/groups", page), None, "they are of any company");

        const ROLE: &str = "/companies/{companyId}/roles";
        let role = |owner: Value, platform: Value| json!({ "id": OBJECT, "name": "n", "companyId": owner, "isPlatformRole": platform });
        for (owner, platform, fine) in [
            (json!(COMPANY), json!(false), true),
            (json!(ELSE), json!(false), false),
            (json!(ELSE), Value::Null, false),
            (json!(ELSE), json!(true), true),
            (json!({ "id": ELSE }), json!(false), false),
            (Value::Null, json!(false), true),
            (json!(""), json!(false), true),
        ] {
            assert_eq!(said::<Role>(ROLE, role(owner.clone(), platform)).is_none(), fine, "{owner}");
        }
        assert!(said::<Role>("/roles/{roleId}", json!({ "id": ELSE, "name": "n" })).is_some());

        const USER: &str = "/companies/{companyId}/users/{userId}";
        let user =
            |id: Uuid, company: Uuid| json!({ "userId": { "id": id }, "organization": { "id": company } });
        assert_eq!(said::<Told>(USER, user(OBJECT, COMPANY)), None);
        assert_eq!(said::<Told>(USER, json!({ "id": OBJECT })), None);
        assert!(said::<Told>(USER, user(ELSE, COMPANY)).is_some());
        assert!(said::<Told>(USER, user(OBJECT, ELSE)).is_some());

        for (echo, fine) in [
            (json!({}), true),
            (json!([]), true),
            (json!("done"), true),
            (json!({ "id": 7, "companyId": "x" }), true),
            (group(OBJECT, COMPANY), true),
            (group(ELSE, COMPANY), false),
            (group(OBJECT, ELSE), false),
        ] {
            assert_eq!(said::<Echo>(GROUP, echo.clone()).is_none(), fine, "{echo}");
        }
    }
}
