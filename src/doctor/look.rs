//! What the API shows of itself to one who only asks: the way there, the clock, the token, rights, shapes, rates.

mod observer;
pub(super) mod person;

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Area, Check, Trouble,
    shapes::{Asked, Shapes},
    verdicts::{
        self,
        IfMissing::{self, Fallback, Fatal},
        Reply,
    },
};
use crate::{
    files::declared::Declared,
    live::api::{ApiError, Endpoint, Part, Question, Settings},
    model::{
        dialect::Dialect,
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
    },
    plan::bind::people::Directory,
};

pub use observer::Observer;

/// Groups whose roles are looked at; standard groups first.
const MOST_GROUPS: usize = 8;

/// What the files say that a look goes by.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Subject {
    /// The company; nothing of a company is asked for without one.
    pub company: Option<CompanyId>,
    pub identity: Option<PersonRef>,
    /// Whether people are locked out, for which their groups have to be seen.
    pub locks_out: bool,
}

impl Subject {
    /// Returns what sound files say.
    pub fn declared(declared: &Declared) -> Self {
        Self {
            company: declared.company,
            identity: declared.rules.identity.as_ref().map(|it| it.0.clone()),
            locks_out: !declared.lockouts.is_empty(),
        }
    }
}

/// Goes the whole way as far as it leads, and returns what was checked; without credentials there is still
/// something to see, and `without` says why there are none.
pub async fn survey(settings: Settings, subject: &Subject, without: Option<Check>) -> Vec<Check> {
    let (endpoint, dialect) = (settings.endpoint.clone(), settings.dialect);
    let mut checks = Vec::new();
    let observer = match Observer::new(settings) {
        Ok(observer) => observer,
        Err(error) => return vec![Check::failed(Area::Endpoint, "client", &error)],
    };
    checks.push(names(&endpoint).await);
    let reached = knocked(&observer, &endpoint, &mut checks).await;
    if let Some(check) = without {
        checks.push(check);
        return checks;
    }
    if !reached {
        checks.push(Check::note(Area::Token, "origin", "not looked at: nobody answers"));
        return checks;
    }
    match observer.token().await {
        Ok(facts) => checks.extend(verdicts::token(&facts, Timestamp::now())),
        Err(error) => {
            checks.push(Check::failed(Area::Token, "origin", &error));
            return checks;
        }
    }
    let mut survey = Survey { observer, dialect, shapes: Shapes::default(), more: 0, checks };
    match subject.company {
        Some(company) => survey.company(company, subject).await,
        None => survey.say(Check::note(Area::Rights, "company", "not looked at: no company is said")),
    }
    let rates = verdicts::rate(&survey.observer.traffic(), survey.more);
    survey.checks.extend(rates);
    survey.checks
}

async fn names(endpoint: &Endpoint) -> Check {
    let proxied = !endpoint.is_loopback()
        && ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .iter()
            .any(|it| std::env::var_os(it).is_some_and(|it| !it.is_empty()));
    match Observer::addresses(endpoint).await {
        Ok(addresses) => {
            let v6 = addresses.iter().filter(|it| matches!(it, IpAddr::V6(_))).count();
            let n = addresses.len();
            let s = if n == 1 { "" } else { "es" };
            Check::ok(Area::Endpoint, "name", format!("{n} address{s} ({} IPv4, {v6} IPv6)", n - v6))
        }
        Err(error) if proxied => {
            Check::note(Area::Endpoint, "name", format!("no address ({error}); the proxy may know one"))
        }
        Err(error) => Check::problem(Area::Endpoint, "name", Trouble::Remote, format!("no address: {error}"))
            .hint("check the spelling of the host, and the DNS of this machine"),
    }
}

/// Asks without a token whether anybody is there; says whether somebody is.
async fn knocked(observer: &Observer, endpoint: &Endpoint, checks: &mut Vec<Check>) -> bool {
    let answer = match observer.knock().await {
        Ok(answer) => answer,
        Err(error) => {
            checks.push(Check::failed(Area::Endpoint, "connection", &error));
            return false;
        }
    };
    let secured = if endpoint.is_plain() { "connected" } else { "TLS handshake and certificate fine" };
    checks.push(Check::ok(Area::Endpoint, "connection", format!("{secured}, {}", answer.version)));
    let status = answer.status;
    let wrong =
        |trouble, fact| Check::problem(Area::Endpoint, "guarded", trouble, format!("{fact} ({status})"));
    checks.push(match status {
        401 | 403 => {
            Check::ok(Area::Endpoint, "guarded", format!("refuses to answer without a token ({status})"))
        }
        300..=399 => wrong(Trouble::Invalid, "sends its callers elsewhere")
            .hint("rolecall never follows with credentials: make the new address the endpoint"),
        500.. => wrong(Trouble::Remote, "the API is in trouble").hint("try again later"),
        _ => {
            let fact = format!("answered {status} without a token, where 401 was expected");
            Check::note(Area::Endpoint, "guarded", fact)
                .hint("something other than the API may have answered: check the endpoint and any proxy")
        }
    });
    checks.push(verdicts::clock(&answer));
    true
}

fn smaller(takes: u32, refused: u32) -> Check {
    let fact = format!("a page of {refused} rows is refused, one of {takes} is not");
    Check::problem(Area::Shapes, "page limit", Trouble::Invalid, fact)
        .hint(format!("set `api.dialect.pageLimit: {takes}` in rolecall.yaml"))
}

struct Survey {
    observer: Observer,
    dialect: Dialect,
    shapes: Shapes,
    /// Requests of another connection.
    more: u64,
    checks: Vec<Check>,
}

impl Survey {
    fn say(&mut self, check: Check) {
        self.checks.push(check);
    }

    fn right(&mut self, name: &str, if_missing: IfMissing, reply: &Reply) {
        self.say(verdicts::right(name, if_missing, reply));
    }

    /// Asks, and returns what came and how that counts.
    async fn ask(&mut self, question: Question) -> (Value, Reply) {
        match self.observer.ask(&question).await {
            Ok(answer) => {
                let reply = match answer.flaw {
                    None => Reply::Answered(answer.status),
                    Some(why) => {
                        Reply::Failed(format!("answers ({}) what rolecall cannot read: {why}", answer.status))
                    }
                };
                (answer.body, reply)
            }
            Err(error @ ApiError::Refused { status: 400, .. }) => {
                (Value::Null, Reply::Unaccepted(error.in_one_line()))
            }
            Err(ApiError::Refused { status: status @ (401 | 403), .. }) => {
                (Value::Null, Reply::Forbidden(status))
            }
            Err(ApiError::Refused { status: status @ (404 | 405 | 501), .. }) => {
                (Value::Null, Reply::Missing(status))
            }
            Err(error) => (Value::Null, Reply::Failed(error.in_one_line())),
        }
    }

    async fn company(&mut self, company: CompanyId, subject: &Subject) {
        let mut limit = self.dialect.page_limit.max(1);
        let (groups, listed) = self.page(|limit| Question::Groups { company, limit }, &mut limit).await;
        if listed == Reply::Forbidden(401) {
            let check =
                Check::problem(Area::Token, "accepted", Trouble::Auth, "no: the API refuses it (401)");
            return self.say(check.hint("it is wrong, expired or revoked: get a new one"));
        }
        self.say(Check::ok(Area::Token, "accepted", "yes"));
        self.shapes.list("user groups", &groups);
        self.shapes.usual = Asked::new(limit, &groups, "userGroups");
        self.right("list groups", Fatal("rolecall can do nothing without it: check the company id, and that the API user has ACCESS_MANAGEMENT for it"), &listed);
        let rows = groups["userGroups"].as_array().cloned().unwrap_or_default();
        drop(groups);
        let member = self.groups(company, limit, &rows).await;
        self.roles(company, limit).await;
        let somebody = self.users(company, &mut limit).await.or(member);
        let account = self.identity(company, subject.identity.as_ref()).await;
        self.user(account.or(somebody), account, limit, subject.locks_out).await;
        let checks = self.shapes.checks(&self.dialect);
        // Rights, identity and shapes each in one place, whatever the order of asking.
        self.checks.sort_by_key(|it| match it.area {
            Area::Identity => 1,
            Area::Shapes => 2,
            Area::Settings | Area::Endpoint | Area::Clock | Area::Token | Area::Rights | Area::Rate => 0,
        });
        self.checks.extend(checks);
    }

    /// Asks for the first page of a list; where that is refused for its size, says so and goes on with a smaller one.
    async fn page(&mut self, list: impl Fn(u32) -> Question, limit: &mut u32) -> (Value, Reply) {
        let (body, reply) = self.ask(list(*limit)).await;
        if !matches!(reply, Reply::Unaccepted(_)) {
            return (body, reply);
        }
        let Ok(takes) = self.observer.page_of(&list, *limit).await else { return (body, reply) };
        if takes < *limit {
            self.say(smaller(takes, *limit));
        }
        self.observer.set_page_limit(takes);
        *limit = takes;
        self.ask(list(takes)).await
    }

    /// Looks into a few groups, standard ones first; returns somebody who is in one.
    async fn groups(&mut self, company: CompanyId, limit: u32, rows: &[Value]) -> Option<UserId> {
        let id = |it: &Value| it["id"].as_str()?.parse::<GroupId>().ok();
        let mut ids: Vec<(bool, GroupId)> =
            rows.iter().filter_map(|it| Some((it["isUnmodifiable"] != true, id(it)?))).collect();
        ids.sort_by_key(|it| it.0);
        let mut replies = [const { Reply::NotAsked("the company shows no group") }; 3];
        let mut member = None;
        for (at, (_, group)) in ids.into_iter().take(MOST_GROUPS).enumerate() {
            let (body, reply) = self.ask(Question::GroupRoles { company, group, limit }).await;
            // Also of what cannot be read, the shape says something.
            if !body.is_null() {
                self.shapes.group_roles(&body);
            }
            if at == 0 || !matches!(reply, Reply::Answered(_)) {
                replies[2] = reply;
            }
            if at == 0 {
                replies[0] = self.ask(Question::Group { company, group }).await.1;
            }
            if member.is_none() && at < 3 {
                let (body, reply) = self.ask(Question::Members { company, group, limit }).await;
                if matches!(reply, Reply::Answered(_)) {
                    self.shapes.members(&body);
                }
                let user = &body["members"][0]["userId"];
                member = user.as_str().or_else(|| user["id"].as_str()).and_then(|it| it.parse().ok());
                replies[1] = reply;
            }
        }
        if rows.len() > 1 {
            let (body, _) = self.ask(Question::Groups { company, limit: 1 }).await;
            self.shapes.one_row = Asked::new(1, &body, "userGroups");
        }
        let [group, members, roles] = replies;
        for (name, so, reply) in [
            ("read a group", "apply looks at a group before it writes to it", group),
            ("members of a group", "without them there is no plan", members),
            ("roles of a group", "without them there is no plan", roles),
        ] {
            self.right(name, Fatal(so), &reply);
        }
        member
    }

    async fn roles(&mut self, company: CompanyId, limit: u32) {
        let (body, reply) = self.ask(Question::Roles { company, limit }).await;
        if matches!(reply, Reply::Answered(_)) {
            self.shapes.list("roles", &body);
        }
        self.right(
            "list roles",
            Fatal("roles are named in the files, and their ids come from this list"),
            &reply,
        );
        let role: Option<RoleId> = body["roles"][0]["id"].as_str().and_then(|it| it.parse().ok());
        let reply = match role {
            Some(role) => self.ask(Question::Role { role }).await.1,
            None => Reply::NotAsked("the company shows no role"),
        };
        self.right("read a role", Fallback("nothing: the list of roles is enough"), &reply);
        let (_, reply) = self.ask(Question::Permissions).await;
        self.right("list permissions", Fallback("nothing: permissions come with the roles"), &reply);
    }

    /// Looks for people by both ways; returns somebody of the company.
    async fn users(&mut self, company: CompanyId, limit: &mut u32) -> Option<UserId> {
        let (body, bulk) = self.page(|limit| Question::Users { company, limit }, limit).await;
        let user = &body["users"][0]["userId"];
        let user = user["id"].as_str().or_else(|| user.as_str()).and_then(|it| it.parse().ok());
        if matches!(bulk, Reply::Answered(_)) {
            self.shapes.list("users", &body);
        }
        let if_missing = match bulk {
            // Just these are taken for an operation that is not open here.
            Reply::Answered(_) | Reply::Forbidden(403) | Reply::Missing(_) | Reply::Unaccepted(_) => {
                Fallback("no bulk user list: people are asked for one by one, which takes a request each")
            }
            Reply::Forbidden(_) | Reply::Failed(_) | Reply::NotAsked(_) => {
                Fatal("only where this list is refused or missing are people looked for in another way")
            }
        };
        self.right("list users", if_missing, &bulk);
        let (_, query) = self.ask(Question::Nobody { company }).await;
        let if_missing = match bulk {
            Reply::Answered(_) => {
                Fallback("people can only be named by what the bulk list filters by: not by `employeeId`")
            }
            Reply::Forbidden(_)
            | Reply::Missing(_)
            | Reply::Unaccepted(_)
            | Reply::Failed(_)
            | Reply::NotAsked(_) => {
                Fatal("nobody can be found by either way: the API user needs USER_MANAGEMENT to read")
            }
        };
        self.right("query a user", if_missing, &query);
        user
    }

    async fn identity(&mut self, company: CompanyId, person: Option<&PersonRef>) -> Option<UserId> {
        let person = person?;
        let name = "account";
        let users = match self.observer.connect() {
            Ok((reader, _)) => {
                let users = person::rows(&reader, company, person).await;
                self.more += reader.requests_made();
                users
            }
            Err(error) => Err(error),
        };
        let said = |error: &ApiError| match error {
            ApiError::Another { .. } => Check::failed(Area::Identity, name, error),
            error => Check::note(Area::Identity, name, format!("not found out: {}", error.in_one_line())),
        };
        let users = users.map_err(|it| self.say(said(&it))).ok()?;
        let directory = Directory::new(&users);
        let id = directory.someone(&[company], person);
        let check = match id.and_then(|it| directory.user(it)) {
            Some(user) if user.is_hidden() => Check::note(
                Area::Identity,
                name,
                format!("the API does not show user {} to this token", user.id),
            ),
            Some(user) if user.active => {
                Check::ok(Area::Identity, name, format!("{person} is user {}", user.id))
            }
            Some(user) => {
                Check::note(Area::Identity, name, format!("{person} is user {}, who is not active", user.id))
            }
            None => {
                let many = directory.anyone(company, person).map_or_else(|it| person::count(&it), |_| 1);
                let fact = format!("{}, and exactly one is needed", person.held_by(many, "this company"));
                Check::problem(Area::Identity, name, Trouble::Invalid, fact)
                    .hint("correct `api.identity`: nothing could keep that account from being locked out")
            }
        };
        self.say(check);
        id
    }

    /// Asks what can be asked about one user; what the account itself may do is told.
    async fn user(&mut self, user: Option<UserId>, account: Option<UserId>, limit: u32, locks_out: bool) {
        let mut replies = [const { Reply::NotAsked("no user is known to ask about") }; 3];
        if let Some(user) = user {
            let (body, reply) = self.ask(Question::GroupsOfUser { user, limit }).await;
            if matches!(reply, Reply::Answered(_)) {
                self.shapes.list("groups of a user", &body);
            }
            replies[0] = reply;
            replies[1] = self.ask(Question::DirectRoles { user }).await.1;
            let (info, reply) = self.ask(Question::RbacInfo { user }).await;
            if account == Some(user) && matches!(reply, Reply::Answered(_)) {
                self.say(verdicts::may(&info));
            }
            replies[2] = reply;
        }
        let mut parts = Vec::new();
        if let Some(user) = user {
            // Direct roles are looked at on their own, as plans need them.
            for part in Part::ALL.iter().copied().filter(|it| *it != Part::Roles) {
                parts.push((part.word(), self.ask(Question::Part { user, part }).await.1));
            }
        }
        let groups_of = if locks_out { Fatal } else { Fallback };
        let [groups, direct, info] = replies;
        for (name, if_missing, reply) in [
            (
                "groups of a user",
                groups_of("people cannot be locked out: a workspace with a `lockout:` cannot be planned"),
                groups,
            ),
            ("direct roles", Fallback("roles that people hold outside groups are not seen"), direct),
            (
                "rbac-info",
                Fallback(
                    "what the account may do, and whether an apply had its effect on people, is not seen",
                ),
                info,
            ),
        ] {
            self.right(name, if_missing, &reply);
        }
        self.say(verdicts::parts(&parts));
    }
}
