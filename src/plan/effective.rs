//! Effective access: what people may do through everything together, before and after a plan, and through what.
//!
//! The one place that adds up: the roles of a person through every group of a company, each on the union of its scopes,
//! and direct roles where they were read. Nothing subtracts (contract §8). Knows only the groups that were read, and what
//! people [keep](Kept) through others as far as that was asked for.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    rc::Rc,
    sync::Arc,
};

use crate::model::{
    access::Grant,
    direct::{DirectRole, DirectRoles, Kind},
    ids::{CompanyId, GroupId, RoleId, UserId},
    index::{GroupIx, UserIx},
    kept::Kept,
    permissions::Permissions,
    plan::{Action, Change, Plan},
    rules::Rules,
    scope::Scope,
    selector::Attribute,
    state::{Edit, Fact, Key, Membership, Owner, State, Value, memberships},
};

/// A plan with the state that results from it.
#[derive(Clone, Debug)]
pub struct Sides<'a> {
    /// The plan, with the state before.
    pub plan: &'a Plan,
    /// The state after.
    pub after: State,
    /// The change of each group that has one.
    changes: HashMap<GroupIx, usize>,
    /// What groups give of which nothing else was read, the same on both sides.
    kept: HashMap<GroupIx, &'a [Grant]>,
    /// Who is in these groups.
    keeping: HashMap<(CompanyId, UserIx), Vec<GroupIx>>,
    /// Those whose accounts cannot be used before, and after, as the plan changes that.
    idle: [HashSet<UserIx>; 2],
}

impl<'a> Sides<'a> {
    /// Computes the state after.
    pub fn new(plan: &'a Plan) -> Self {
        Self::knowing(plan, Kept::NONE)
    }

    /// The same, knowing what people keep through groups that were not read.
    pub fn knowing(plan: &'a Plan, kept: &'a Kept) -> Self {
        let changes = plan.groups().filter_map(|it| Some((it.group()?, it.at))).collect();
        let index = &plan.index;
        let find = |it: &(CompanyId, GroupId)| index.find_group(it.0, it.1);
        let mut keeping: HashMap<_, Vec<GroupIx>> = HashMap::new();
        for (user, groups) in &kept.people {
            let Some(user) = index.find_user(*user) else { continue };
            for group in groups {
                keeping.entry((group.0, user)).or_default().extend(find(group));
            }
        }
        let groups = kept.groups.iter().filter_map(|(it, grants)| Some((find(it)?, &grants[..])));
        let idle = [0, 1].map(|side| {
            let is_idle =
                |it: &Edit| it.attribute() == Some(Attribute::Active) && it.traits()[side] != Some("true");
            let idle = plan.people().filter(|it| it.traits().any(is_idle));
            idle.filter_map(|it| index.find_user(it.user()?)).collect()
        });
        Self { plan, after: plan.after(), changes, kept: groups.collect(), keeping, idle }
    }

    /// Whether somebody can use what is held before, and after, as far as the plan changes that.
    fn acts(&self, user: UserIx) -> [bool; 2] {
        [0, 1].map(|side| !self.idle[side].contains(&user))
    }

    /// The same by an id: of somebody that nothing else speaks of nothing changes.
    pub(super) fn acting(&self, user: UserId) -> [bool; 2] {
        self.plan.index.find_user(user).map_or([true; 2], |it| self.acts(it))
    }

    /// Whether somebody can use what is held before, and after: an account that the plan leaves as it is can where it is not
    /// known to be inactive.
    pub(super) fn able(&self, rules: &Rules, user: UserId) -> [bool; 2] {
        match self.acting(user) {
            [true, true] => [rules.may_act(user); 2],
            changed => changed,
        }
    }

    /// What a group gives on one side.
    fn grants<'s>(
        &'s self,
        group: GroupIx,
        state: &'s State,
    ) -> impl Iterator<Item = (RoleId, &'s Arc<Scope>)> {
        let kept = self.kept.get(&group).copied().unwrap_or_default();
        let own = state.grants(group).iter().map(|it| (it.0.1, &it.1));
        own.chain(kept.iter().map(|it| (it.role, &it.scope)))
    }

    /// The state before.
    pub fn before(&self) -> &'a State {
        &self.plan.live
    }

    /// Every group that is there before, after or both, in order.
    pub fn groups(&self) -> BTreeSet<GroupIx> {
        self.before().groups().iter().chain(self.after.groups()).map(|it| it.0).collect()
    }

    /// The company of a group.
    pub fn company(&self, group: GroupIx) -> CompanyId {
        self.plan.index.group(group).company
    }

    /// What changes about a group.
    pub fn change(&self, group: GroupIx) -> Option<Change<'a>> {
        self.plan.change(*self.changes.get(&group)?)
    }
}

/// A group that somebody is in, before, after or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Which group.
    pub group: GroupIx,
    /// Whether the person is in it before.
    pub before: bool,
    /// Whether the person is in it after.
    pub after: bool,
}

/// What a plan does to what somebody may do in a company.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// The company.
    pub company: CompanyId,
    /// The person.
    pub user: UserIx,
    /// What becomes of the roles that groups give; people in the same groups share it.
    pub fate: Rc<Fate<'a>>,
    /// What changes about the person, if something does.
    pub change: Option<Change<'a>>,
    /// What becomes of direct roles, as far as those were read: nothing is held by an account that is not active.
    pub direct: Vec<Edit>,
    /// Whether any role is left; of groups that were read, and of direct roles as far as those were.
    pub loses_everything: bool,
}

impl Outcome<'_> {
    /// Whether the person can do something that was not allowed before.
    pub fn gains(&self) -> bool {
        self.fate.roles.iter().any(|it| !it.gained.is_empty()) || self.direct.iter().any(Edit::gives)
    }

    /// Whether the person can no longer do something that was allowed before.
    pub fn loses(&self) -> bool {
        self.fate.roles.iter().any(|it| !it.lost.is_empty()) || self.direct.iter().any(Edit::takes)
    }
}

/// What becomes of the roles that groups give to whoever is in them.
#[derive(Clone, Debug)]
pub struct Fate<'a> {
    /// The roles of which somebody gains or loses something, sorted.
    pub roles: Vec<RoleFate<'a>>,
    /// Whether any role is held before, and after.
    held: [bool; 2],
}

/// Groups, each with where it gives a role.
pub type Grants<'a> = Vec<(GroupIx, &'a Arc<Scope>)>;

/// A role of which somebody gains something, or loses something, through everything together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoleFate<'a> {
    /// The role.
    pub role: RoleId,
    /// Where it holds after and did not before.
    pub gains: Arc<Scope>,
    /// Where it held before and does not after.
    pub loses: Arc<Scope>,
    /// The groups that give more than was held before, each with where it gives the role.
    pub gained: Grants<'a>,
    /// The groups that gave what is not held after, each with where it gave the role.
    pub lost: Grants<'a>,
}

/// A role that somebody has, and everything that gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect<P> {
    /// The role.
    pub role: RoleId,
    /// Where it holds: wherever one of the paths says.
    pub scope: Scope,
    /// What it permits, `ALL` expanded; `None` where the API did not say.
    pub permissions: Option<Permissions>,
    /// What gives it, in the order in which it was added up.
    pub through: Vec<P>,
}

/// Adds up what paths give together, sorted by role.
pub fn effects<'a, P>(
    paths: impl IntoIterator<Item = (RoleId, &'a Scope, P)>,
    permissions: &BTreeMap<RoleId, &Permissions>,
) -> Vec<Effect<P>> {
    let mut all: BTreeMap<RoleId, (Vec<Scope>, Vec<P>)> = BTreeMap::new();
    for (role, scope, path) in paths {
        let (scopes, through) = all.entry(role).or_default();
        scopes.push(scope.clone());
        through.push(path);
    }
    let effect = |(role, (scopes, through)): (RoleId, (Vec<Scope>, Vec<P>))| {
        let permissions = permissions.get(&role).map(|it| it.expanded());
        Effect { role, scope: Scope::any(scopes), permissions, through }
    };
    all.into_iter().map(effect).collect()
}

/// The groups of each person of a company for whom `concerns` holds, each list sorted.
pub fn parts(
    sides: &Sides<'_>,
    concerns: impl Fn(CompanyId, UserIx) -> bool,
) -> BTreeMap<(CompanyId, UserIx), Vec<Part>> {
    let mut all: BTreeMap<(CompanyId, UserIx), Vec<Part>> = BTreeMap::new();
    for Membership { group, user, before, after } in memberships(sides.before(), &sides.after) {
        let company = sides.company(group);
        if concerns(company, user) {
            let [acts_before, acts_after] = sides.acts(user);
            let (before, after) = (before && acts_before, after && acts_after);
            all.entry((company, user)).or_default().push(Part { group, before, after });
        }
    }
    all
}

/// Everybody whose access a plan may change, with what becomes of it; sorted by company and person.
///
/// In time linear in the memberships that were read.
pub fn outcomes<'a>(sides: &'a Sides<'_>) -> Vec<Outcome<'a>> {
    let plan = sides.plan;
    let mut concerned: BTreeSet<(CompanyId, UserIx)> = BTreeSet::new();
    for change in plan.groups() {
        let Some(group) = change.group() else { continue };
        if change.grants().next().is_some() || change.action() == Action::Delete {
            concerned.extend(plan.live.members(group).map(|it| (change.company(), it)));
        }
        concerned.extend(change.members().filter_map(|it| Some((change.company(), it.member()?))));
    }
    let direct = direct(plan);
    let changed = plan.people().filter_map(|it| Some((it.company(), plan.index.find_user(it.user()?)?)));
    concerned.extend(changed);
    let mut parts = parts(sides, |company, user| concerned.contains(&(company, user)));
    // There are few sets of groups that people are in.
    let mut known: HashMap<Vec<Part>, Rc<Fate<'a>>> = HashMap::new();
    let outcome = |(company, user)| {
        let mut parts = parts.remove(&(company, user)).unwrap_or_default();
        let keeps = sides.keeping.get(&(company, user)).into_iter().flatten();
        let [before, after] = sides.acts(user);
        parts.extend(keeps.map(|&group| Part { group, before, after }));
        let fate = known.entry(parts).or_insert_with_key(|parts| Rc::new(Fate::of(parts, sides))).clone();
        let (mut held, mut change, mut edits) = (fate.held, None, Vec::new());
        if let Some(own) = direct.get(&(company, plan.index.user(user))) {
            change = own.change;
            let [had, has] = own.sides([before, after]);
            held = [held[0] || !had.is_empty(), held[1] || !has.is_empty()];
            edits = own.change.map_or_else(Vec::new, |it| difference(it.owner, &had, &has));
        }
        Outcome { company, user, fate, change, direct: edits, loses_everything: held == [true, false] }
    };
    concerned.into_iter().map(outcome).collect()
}

/// What everybody of whom it was read holds outside groups, before and after, and can use.
pub(super) fn direct_sides(sides: &Sides<'_>) -> BTreeMap<(CompanyId, UserId), [DirectRoles; 2]> {
    let all = direct(sides.plan).into_iter();
    all.map(|(who, it)| (who, it.sides(sides.acting(who.1)))).collect()
}

/// The direct roles of somebody, before and after.
struct Direct<'a> {
    before: DirectRoles,
    change: Option<Change<'a>>,
}

impl Direct<'_> {
    /// What is held before and after by an account that can be used then.
    fn sides(&self, acts: [bool; 2]) -> [DirectRoles; 2] {
        let after = self.change.map_or_else(|| self.before.clone(), |it| it.direct_after());
        let [before, after] =
            [(self.before.clone(), acts[0]), (after, acts[1])].map(|(it, acts)| acts.then_some(it));
        [before.unwrap_or_default(), after.unwrap_or_default()]
    }
}

/// How the direct roles of somebody differ.
fn difference(owner: Owner, before: &DirectRoles, after: &DirectRoles) -> Vec<Edit> {
    let kinds: BTreeSet<&Kind> = before.iter().chain(after.iter()).map(DirectRole::kind).collect();
    let edit = |kind: &Kind| {
        let [before, after] = [before, after].map(|it| Some(Value::Direct(Arc::new(it.get(kind)?.clone()))));
        let key = Key { owner, fact: Fact::Direct(Box::new(kind.clone())) };
        (before != after).then_some(Edit { key, before, after })
    };
    kinds.into_iter().filter_map(edit).collect()
}

/// What is known of direct roles, by person.
fn direct(plan: &Plan) -> BTreeMap<(CompanyId, UserId), Direct<'_>> {
    let changes: BTreeMap<Owner, Change<'_>> = plan.people().map(|it| (it.owner, it)).collect();
    let held = plan.live.people().map(|it| Owner::Person(it.0));
    let owners: BTreeSet<Owner> = held.chain(changes.keys().copied()).collect();
    let one = |owner: Owner| {
        let Owner::Person(person) = owner else { return None };
        let direct = Direct { before: plan.live.direct(person), change: changes.get(&owner).copied() };
        Some((plan.index.person(person), direct))
    };
    owners.into_iter().filter_map(one).collect()
}

impl<'a> Fate<'a> {
    fn of(parts: &[Part], sides: &'a Sides<'_>) -> Self {
        let mut roles: BTreeMap<RoleId, [Grants<'a>; 2]> = BTreeMap::new();
        for part in parts {
            let states = [(part.before, sides.before()), (part.after, &sides.after)];
            for (side, (_, state)) in states.into_iter().enumerate().filter(|it| it.1.0) {
                for (role, scope) in sides.grants(part.group, state) {
                    roles.entry(role).or_default()[side].push((part.group, scope));
                }
            }
        }
        let held = [0, 1].map(|side| roles.values().any(|it| !it[side].is_empty()));
        let roles = roles.into_iter().filter_map(|(role, sides)| RoleFate::of(role, sides)).collect();
        Self { roles, held }
    }
}

impl<'a> RoleFate<'a> {
    /// `None` where what is held is the same.
    fn of(role: RoleId, [before, after]: [Grants<'a>; 2]) -> Option<Self> {
        if before.iter().map(|it| it.1).eq(after.iter().map(|it| it.1)) {
            return None;
        }
        let all = |of: &[(GroupIx, &'a Arc<Scope>)]| Scope::any(of.iter().map(|it| (**it.1).clone()));
        let (had, has) = (all(&before), all(&after));
        // A scope in a form nobody can read is still held or not.
        let beyond = |of: Grants<'a>, other: &Scope, none: bool| {
            of.into_iter().filter(|it| none || !other.contains(it.1)).collect::<Vec<_>>()
        };
        let (none_before, none_after) = (before.is_empty(), after.is_empty());
        let (gained, lost) = (beyond(after, &had, none_before), beyond(before, &has, none_after));
        if gained.is_empty() && lost.is_empty() {
            return None;
        }
        let (gains, loses) = (has.without(&had), had.without(&has));
        Some(Self { role, gains: Arc::new(gains), loses: Arc::new(loses), gained, lost })
    }
}
