//! What `--witness` found, for people and for programs. Reads nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    model::{escape::terminal as show, ids::UserId, plan::Plan},
    plan::witness::{Contradiction, Testimony, Turn},
    report::render::counted,
};

/// What can be done about a contradiction.
const HINT: &str = "it may take a moment until the API shows it; run `rolecall plan` and look";

/// `gained Agent by Desk, but rbac-info does not show AGENT`.
fn sentence(plan: &Plan, it: &Contradiction) -> String {
    let (role, group) = (&it.role, plan.title(it.claim.change));
    let what = it.permissions.words();
    match it.claim.turn {
        Turn::Gained => format!("gained {role} by {group}, but rbac-info does not show {what}"),
        Turn::Lost => format!("lost {role} by {group}, but rbac-info still shows {what}"),
    }
}

pub(super) fn text(plan: &Plan, testimony: &Testimony) -> String {
    let Testimony { looked, contradictions, untold } = testimony;
    let verdict = match (contradictions.len(), untold.len()) {
        (0, 0) if *looked == 0 => "no user's roles changed".to_owned(),
        (0, 0) => "all as planned".to_owned(),
        (0, _) if testimony.saw_nobody() => "nothing was witnessed".to_owned(),
        (0, _) => "nothing else than planned, as far as it can be told".to_owned(),
        (n, _) => counted(n, "contradiction", "contradictions"),
    };
    let mut text = format!("Witness   {} looked at: {verdict}\n", counted(*looked, "person", "people"));
    for it in contradictions {
        text += &format!("  {}: {}\n", show(&plan.names.person(it.claim.user)), show(&sentence(plan, it)));
    }
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (user, why) in untold {
        reasons.entry(why).or_default().push(plan.names.person(*user));
    }
    for (why, people) in reasons {
        let more = people.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let people = people.into_iter().take(3).collect::<Vec<_>>().join(", ");
        text += &format!("  {}: {}{more}\n", show(why), show(&people));
    }
    if testimony.saw_nobody() {
        text += "  hint: give the token the right to read rbac-info, or apply without --witness\n";
    }
    if !contradictions.is_empty() {
        text += &format!("  hint: {HINT}\n");
    }
    text
}

pub(super) fn json(plan: &Plan, testimony: &Testimony) -> Value {
    let contradiction = |it: &Contradiction| {
        let permissions = it.permissions.iter();
        let permissions: Vec<Value> = permissions
            .map(|(permission, actions)| json!({ "permission": permission, "actions": actions }))
            .collect();
        json!({
            "userId": it.claim.user,
            "person": plan.names.people.get(&it.claim.user),
            "company": plan.change(it.claim.change).map(|it| it.company()),
            "group": plan.title(it.claim.change),
            "roleId": it.claim.role,
            "role": it.role,
            "change": match it.claim.turn {
                Turn::Gained => "gained",
                Turn::Lost => "lost",
            },
            "permissions": permissions,
            "message": sentence(plan, it),
            "hint": HINT,
        })
    };
    let untold = |(user, why): &(UserId, String)| json!({ "userId": user, "person": plan.names.people.get(user), "why": why });
    json!({
        "looked": testimony.looked,
        "contradictions": testimony.contradictions.iter().map(contradiction).collect::<Vec<_>>(),
        "untold": testimony.untold.iter().map(untold).collect::<Vec<_>>(),
    })
}
