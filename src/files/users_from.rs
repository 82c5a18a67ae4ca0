//! An entry of `usersFrom`: which file says what people are, and which of its columns says what. As written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    At, forms,
    mapping::{Given, mapping},
    shape::Names,
};
use crate::model::{ids::PersonKey, selector::Attribute};

mapping! {
    /// People as another system exports them: each row of a CSV file stands for an entry under `users:`. An empty field says
    /// nothing, and neither does a row that is missing.
    #[schemars(title = "People from a CSV file", extend("required" = ["csv", "columns"]))]
    pub(crate) struct UsersFromEntry: "people from a file, `{ csv: people/*.csv, columns: { email: … } }`", block {
        /// The files, relative to the workspace: a path, or a pattern such as `people/*.csv`.
        #[schemars(with = "forms::Word")]
        "csv" pub(crate) csv: Given<At<String>>,
        /// Which column names the person of a row; `email` where absent.
        "key" pub(crate) key: Given<RowKey>,
        /// By which key the columns `manager` and `approvers` name people; `key` where absent.
        "managerKey" pub(crate) manager_key: Given<RowKey>,
        /// What the columns say, each with its title in the first line of the file. Other columns are not looked at.
        "columns" pub(crate) columns: Given<At<ColumnsEntry>>,
        /// What the words of a column mean.
        "values" pub(crate) values: Given<ValuesEntry>,
        /// What stands between two fields; a comma where absent.
        "delimiter" pub(crate) delimiter: Given<Delimiter>,
        /// How the text is encoded; UTF-8 where absent, or what a mark at its beginning says.
        "encoding" pub(crate) encoding: Given<Encoding>,
        /// Whether an account is made for a row whose address has none.
        "create" pub(crate) create: Given<At<bool>>,
    }
}

mapping! {
    /// The titles of columns.
    #[schemars(title = "Titles of columns", extend("minProperties" = 1))]
    pub(crate) struct ColumnsEntry: "titles of columns, `{ email: E-mail, department: Team }`" {
        /// The column of the e-mail address.
        #[schemars(with = "forms::Word")]
        "email" pub(crate) email: Given<At<String>>,
        /// The column of the external id.
        #[schemars(with = "forms::Word")]
        "externalId" pub(crate) external_id: Given<At<String>>,
        /// The column of the employee id.
        #[schemars(with = "forms::Word")]
        "employeeId" pub(crate) employee_id: Given<At<String>>,
        /// The column that says whether the account can be used: `true`, `false`, or a word from `values.active`.
        #[schemars(with = "forms::Word")]
        "active" pub(crate) active: Given<At<String>>,
        /// The column of the legal entity: ids, names from `ids.legalEntity`, or names as the API shows them.
        #[schemars(with = "forms::Word")]
        "legalEntity" pub(crate) legal_entity: Given<At<String>>,
        /// The column of the department: ids, names from `ids.department`, or names as the API shows them.
        #[schemars(with = "forms::Word")]
        "department" pub(crate) department: Given<At<String>>,
        /// The column of the cost center: ids, names from `ids.costCenter`, or names as the API shows them.
        #[schemars(with = "forms::Word")]
        "costCenter" pub(crate) cost_center: Given<At<String>>,
        /// The column of the office: ids, names from `ids.office`, or names as the API shows them.
        #[schemars(with = "forms::Word")]
        "office" pub(crate) office: Given<At<String>>,
        /// The column of the grade: ids, names from `ids.grade`, or names as the API shows them.
        #[schemars(with = "forms::Word")]
        "grade" pub(crate) grade: Given<At<String>>,
        /// The column of the job title.
        #[schemars(with = "forms::Word")]
        "designation" pub(crate) designation: Given<At<String>>,
        /// The column of the type of worker, as the API spells it.
        #[schemars(with = "forms::Word")]
        "workerType" pub(crate) worker_type: Given<At<String>>,
        /// The column of the manager.
        #[schemars(with = "forms::Word")]
        "manager" pub(crate) manager: Given<At<String>>,
        /// The column of who approves trips, in this order: several stand between `;`, `,`, `|` or line breaks.
        #[schemars(with = "forms::Word")]
        "approvers" pub(crate) approvers: Given<At<String>>,
        /// The column of the given name, for a new account.
        #[schemars(with = "forms::Word")]
        "firstName" pub(crate) first_name: Given<At<String>>,
        /// The column of the family name, for a new account.
        #[schemars(with = "forms::Word")]
        "lastName" pub(crate) last_name: Given<At<String>>,
        /// The column of the persona, for a new account.
        #[schemars(with = "forms::Word")]
        "persona" pub(crate) persona: Given<At<String>>,
    }
}

mapping! {
    /// The words of a file.
    #[schemars(title = "Words of a file", extend("minProperties" = 1))]
    pub(crate) struct ValuesEntry: "the words of a file, `{ active: { A: true, T: false } }`" {
        /// Each word of the column of `active`, with what it means; any other is refused.
        #[schemars(with = "forms::Named<bool>")]
        "active" pub(crate) active: Given<Names<bool>>,
    }
}

/// A key of people that a column can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(crate) enum RowKey {
    /// The business e-mail address.
    #[default]
    Email,
    /// The external id.
    ExternalId,
    /// The employee id.
    EmployeeId,
}

/// What stands between two fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum Delimiter {
    /// A comma.
    #[default]
    #[serde(rename = ",")]
    Comma,
    /// A semicolon, as spreadsheets write it where a comma is in numbers.
    #[serde(rename = ";")]
    Semicolon,
    /// A vertical line.
    #[serde(rename = "|")]
    Line,
    /// A tab.
    #[serde(rename = "tab")]
    Tab,
}

/// How the text of a file is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum Encoding {
    /// UTF-8, with or without a mark at its beginning.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16; little-endian where no mark says otherwise.
    #[serde(rename = "utf-16")]
    Utf16,
    /// Windows-1252, and with it all of ISO 8859-1 that is text.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl RowKey {
    pub(crate) fn person(self) -> PersonKey {
        match self {
            Self::Email => PersonKey::Email,
            Self::ExternalId => PersonKey::ExternalId,
            Self::EmployeeId => PersonKey::EmployeeId,
        }
    }

    pub(crate) fn attribute(self) -> Attribute {
        match self {
            Self::Email => Attribute::Email,
            Self::ExternalId => Attribute::ExternalId,
            Self::EmployeeId => Attribute::EmployeeId,
        }
    }
}

impl Delimiter {
    pub(crate) const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Line, Self::Tab];

    /// The word for it in a file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Semicolon => ";",
            Self::Line => "|",
            Self::Tab => "tab",
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Line => b'|',
            Self::Tab => b'\t',
        }
    }
}

impl UsersFromEntry {
    /// The column that names the person of a row.
    pub(crate) fn key(&self) -> RowKey {
        self.key.as_ref().copied().unwrap_or_default()
    }

    /// Whether rows make accounts.
    pub(crate) fn creates(&self) -> bool {
        self.create.as_ref().is_some_and(|it| it.v)
    }
}

impl ColumnsEntry {
    /// Every attribute with the title of its column.
    pub(crate) fn titles(&self) -> [(Attribute, &Given<At<String>>); 16] {
        [
            (Attribute::Email, &self.email),
            (Attribute::ExternalId, &self.external_id),
            (Attribute::EmployeeId, &self.employee_id),
            (Attribute::Active, &self.active),
            (Attribute::LegalEntity, &self.legal_entity),
            (Attribute::Department, &self.department),
            (Attribute::CostCenter, &self.cost_center),
            (Attribute::Office, &self.office),
            (Attribute::Grade, &self.grade),
            (Attribute::Designation, &self.designation),
            (Attribute::WorkerType, &self.worker_type),
            (Attribute::Manager, &self.manager),
            (Attribute::Approvers, &self.approvers),
            (Attribute::FirstName, &self.first_name),
            (Attribute::LastName, &self.last_name),
            (Attribute::Persona, &self.persona),
        ]
    }
}
