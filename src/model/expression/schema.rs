//! The published fields of what an expression looks at: names, types, and what each means.

use std::fmt;

/// What rules can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A role that somebody holds when the plan is applied.
    Access,
    /// One edit of the plan.
    Edit,
}

impl Subject {
    /// Both, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::Access, Self::Edit];

    /// The variable by which expressions call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Edit => "edit",
        }
    }

    /// Its fields.
    pub fn record(self) -> &'static Record {
        match self {
            Self::Access => &ACCESS,
            Self::Edit => &EDIT,
        }
    }
}

/// Something with fields.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is, for people: `a group`.
    pub name: &'static str,
    /// Its fields, in the order of the documentation.
    pub fields: &'static [Field],
}

/// A field.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// As expressions call it.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether it may be missing.
    pub optional: bool,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// True or false.
    Bool,
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An instant.
    Time,
    /// Texts.
    Texts,
    /// Texts by name.
    TextsByName,
    /// One of a kind.
    One(&'static Record),
    /// Several of a kind.
    Many(&'static Record),
}

impl Record {
    /// Finds a field.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|it| it.name == name)
    }
}

impl fmt::Display for Holds {
    /// The type as CEL calls it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Text => f.write_str("string"),
            Self::Number => f.write_str("int"),
            Self::Word(words) => write!(f, "string: {}", words.join(", ")),
            Self::Time => f.write_str("timestamp"),
            Self::Texts => f.write_str("list(string)"),
            Self::TextsByName => f.write_str("map(string, list(string))"),
            Self::One(record) => f.write_str(record.name),
            Self::Many(record) => write!(f, "list({})", record.name),
        }
    }
}

const fn always(name: &'static str, holds: Holds, meaning: &'static str) -> Field {
    Field { name, holds, optional: false, meaning }
}

const fn maybe(name: &'static str, holds: Holds, meaning: &'static str) -> Field {
    Field { name, holds, optional: true, meaning }
}

/// The fields of access that tell who holds it; people alike share all others.
pub(crate) const OF_PERSON: [&str; 4] = ["person", "userId", "domain", "home"];

/// A role that somebody holds when the plan is applied.
pub static ACCESS: Record = Record {
    name: "access",
    fields: &[
        always(
            "company",
            Holds::Text,
            "The company whose groups give it: its name under `ids:`, or else its id.",
        ),
        maybe("person", Holds::Text, "The e-mail address of who holds it."),
        always("userId", Holds::Text, "The id of who holds it."),
        maybe("domain", Holds::Text, "What stands behind the `@` of that address."),
        maybe(
            "home",
            Holds::Text,
            "The company that the person belongs to: its name under `ids:`, or else its id.",
        ),
        always("role", Holds::Text, "The name of the role; of a role outside groups its type."),
        maybe("roleId", Holds::Text, "The id of the role; missing of a role outside groups."),
        maybe("roleType", Holds::Text, "The type of a role outside groups, as the API names it."),
        always("direct", Holds::Bool, "Whether it is a role outside groups."),
        maybe(
            "over",
            Holds::Texts,
            "The e-mail addresses of the travellers that the role of an arranger names; ids where those are not told.",
        ),
        always(
            "privileged",
            Holds::Bool,
            "Whether the role is privileged, as the guard `privileged` understands it.",
        ),
        maybe(
            "permissions",
            Holds::TextsByName,
            "What the role permits: the actions of each permission. Missing where the API does not tell.",
        ),
        always("gives", Holds::Bool, "Whether more of it is held than before the plan."),
        always("new", Holds::Bool, "Whether nothing of it was held before the plan."),
        always("reaches", Holds::One(&REACH), "Where it holds."),
        maybe("reached", Holds::One(&REACH), "Where it held before the plan; missing where it was not held."),
        always("through", Holds::Many(&WAY), "The groups that give it; none of a role outside groups."),
        maybe(
            "ends",
            Holds::Time,
            "The instant at which the last of the lines that ask for it ends; missing where one has no end, or no file asks for it.",
        ),
        maybe(
            "file",
            Holds::Text,
            "The file that asks for a role outside groups; of a role of groups `through` has the files.",
        ),
        maybe("line", Holds::Number, "The line there."),
        always("now", Holds::Time, "The instant that the run goes by: its clock, or `--now`."),
    ],
};

/// Where a role holds.
pub static REACH: Record = Record {
    name: "reach",
    fields: &[
        always("companies", Holds::Texts, "The companies that it names: names under `ids:`, or else ids."),
        always(
            "legalEntities",
            Holds::Texts,
            "The legal entities that it names: names under `ids:`, or else ids.",
        ),
        always(
            "beyondCompanies",
            Holds::Bool,
            "Whether any of it is not within companies that are named: the whole platform, a legal entity or a traveller without a company, or a form that nobody can read.",
        ),
    ],
};

/// A group through which somebody holds a role.
pub static WAY: Record = Record {
    name: "group",
    fields: &[
        always("group", Holds::Text, "The name that the group will have."),
        maybe("groupId", Holds::Text, "Its id; missing of a group that is created."),
        always("managed", Holds::Bool, "Whether the files declare it."),
        always("standard", Holds::Bool, "Whether every company has it, and nobody can change its roles."),
        maybe("ends", Holds::Time, "The instant at which membership or role ends there, whichever is first."),
        maybe("file", Holds::Text, "The file that asks for the role of the group."),
        maybe("line", Holds::Number, "The line there."),
    ],
};

/// One edit of the plan, in the words of the document that `plan --format json` prints.
pub static EDIT: Record = Record {
    name: "edit",
    fields: &[
        always(
            "kind",
            Holds::Word(&["group", "role", "member", "directRole", "person"]),
            "What changes: a group itself, a role of a group, a member of one, a role outside groups, or what a person is.",
        ),
        always("action", Holds::Word(&["add", "change", "remove"]), "What becomes of it."),
        always("company", Holds::Text, "The company: its name under `ids:`, or else its id."),
        maybe(
            "group",
            Holds::Text,
            "The name that the group has, or will have if it is created; missing of a role outside groups.",
        ),
        maybe("groupId", Holds::Text, "Its id; missing of a group that is created."),
        maybe(
            "person",
            Holds::Text,
            "The e-mail address of the member, or of who holds a role outside groups.",
        ),
        maybe("userId", Holds::Text, "The id of the same person."),
        maybe("domain", Holds::Text, "What stands behind the `@` of that address."),
        maybe("role", Holds::Text, "The name of the role of a group; of a role outside groups its type."),
        maybe("roleId", Holds::Text, "The id of the role of a group."),
        maybe("roleType", Holds::Text, "The type of a role outside groups, as the API names it."),
        maybe(
            "attribute",
            Holds::Text,
            "What of a person changes, by its key under `users:`; `active` of an account, and of mails such as `bookingNotificationEnabled` or `bookingNotificationCcEmails`.",
        ),
        maybe(
            "before",
            Holds::Text,
            "What it was: an id, a word, or e-mail addresses with `, ` between them; missing where nothing was.",
        ),
        maybe("after", Holds::Text, "What it will be, in the same form."),
        maybe(
            "actors",
            Holds::Texts,
            "Where it is the manager or the approvers of a person that change, the e-mail addresses of who will be; ids where those are not told.",
        ),
        always(
            "privileged",
            Holds::Bool,
            "Whether the role is privileged; of a member or a group, whether any role of the group is.",
        ),
        maybe(
            "relation",
            Holds::Word(&["widens", "narrows", "changes"]),
            "How a role of a group that changes holds after, compared with before.",
        ),
        maybe("reaches", Holds::One(&REACH), "Where the role of a group will hold; missing where it goes."),
        maybe("reached", Holds::One(&REACH), "Where the role of a group held; missing where it comes."),
        maybe("ends", Holds::Time, "The instant from which it is no longer wanted."),
        maybe(
            "file",
            Holds::Text,
            "The file that asks for it, or says that it ends; missing where no file does.",
        ),
        maybe("line", Holds::Number, "The line there."),
        always("now", Holds::Time, "The instant that the run goes by: its clock, or `--now`."),
    ],
};
