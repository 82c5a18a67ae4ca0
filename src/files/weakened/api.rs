//! Which API is asked, in whose name, and how its answers are read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Rows, Side};
use crate::{
    files::declared::{Declared, DeclaredEndpoint},
    model::{
        dialect::Dialect,
        ids::{CompanyId, PersonRef},
        source::Place,
    },
};

impl Rows<'_> {
    /// Whose API, with which account, and how its answers are read.
    pub(super) fn api(&mut self) {
        let [base, new] = [self.base, self.new];
        let identity = |it: Side<'_>| it.declared.rules.identity.clone();
        self.identity("api", identity(base), identity(new));
        let endpoint = |it: Side<'_>| {
            let (file, api) = it.files.api()?;
            api.endpoint.as_ref().map(|it| (it.v.clone(), Some(it.place(file))))
        };
        let (before, after) = (endpoint(base), endpoint(new));
        if before.is_some() && before.as_ref().map(|it| &it.0) != after.as_ref().map(|it| &it.0) {
            self.add(
                "api.endpoint",
                before,
                after,
                "another API is read and written, and the guards judge that one",
            );
        }
        let dialect = |it: Side<'_>| it.files.api().and_then(|it| it.1.dialect.as_ref().copied());
        self.dialect("api", dialect(base), dialect(new));
        self.endpoints();
        let company = |it: Side<'_>| it.declared.company;
        if let (Some(before), after) = (company(base), company(new))
            && after != Some(before)
        {
            let name = |side: Side<'_>, it: CompanyId| match side.declared.aliases.get(&it.0) {
                Some(name) => (name.to_string(), None),
                None => (it.to_string(), None),
            };
            let after = after.map(|it| name(new, it));
            self.add(
                "company",
                Some(name(base, before)),
                after,
                "the groups of another company are planned and judged",
            );
        }
    }

    /// The account that runs rolecall.
    fn identity(&mut self, of: &str, before: Option<(PersonRef, Place)>, after: Option<(PersonRef, Place)>) {
        if before.is_some() && before.as_ref().map(|it| &it.0) != after.as_ref().map(|it| &it.0) {
            let said = |it: Option<(PersonRef, Place)>| it.map(|it| (it.0.to_string(), Some(it.1)));
            let why = "whether the account that runs rolecall keeps its access is no longer looked at";
            self.add(&format!("{of}.identity"), said(before), said(after), why);
        }
    }

    /// How answers are read.
    fn dialect(&mut self, of: &str, before: Option<Dialect>, after: Option<Dialect>) {
        let fields = |it: Option<Dialect>| match serde_json::to_value(it.unwrap_or_default()) {
            Ok(Value::Object(fields)) => fields.into_iter().map(|it| (it.0, it.1.to_string())).collect(),
            Ok(_) | Err(_) => BTreeMap::new(),
        };
        let after = fields(after);
        for (field, before) in fields(before) {
            if let Some(after) = after.get(&field).filter(|it| **it != before) {
                let said = |it: &str| Some((it.trim_matches('"').to_owned(), None));
                let why = "answers are read, and writes are sent, in another way";
                self.add(&format!("{of}.dialect.{field}"), said(&before), said(after), why);
            }
        }
    }

    /// The endpoints that have a name, and which company is where.
    fn endpoints(&mut self) {
        let [base, new] = [self.base, self.new].map(|it| it.declared);
        for before in &base.endpoints {
            let Some(after) = new.endpoints.iter().find(|it| it.name == before.name) else { continue };
            let of = format!("api.endpoints.{}", before.name);
            if before.url != after.url {
                let said = |it: &DeclaredEndpoint| Some((it.url.to_string(), Some(it.place)));
                let why = "another API is read and written, and the guards judge that one";
                self.add(&format!("{of}.endpoint"), said(before), said(after), why);
            }
            self.dialect(&of, Some(before.dialect), Some(after.dialect));
            self.identity(&of, before.identity.clone(), after.identity.clone());
        }
        let at = |it: &Declared, company: &CompanyId| {
            let own = it.endpoints.iter().find(|it| it.companies.contains_key(company))?;
            Some((own.name.to_string(), own.companies.get(company).copied()))
        };
        for company in base.all_companies() {
            let (before, after) = (at(base, &company), at(new, &company));
            if before.as_ref().map(|it| &it.0) != after.as_ref().map(|it| &it.0) {
                let rest = || Some(("api.endpoint".to_owned(), None));
                let called =
                    base.aliases.get(&company.0).map_or_else(|| company.to_string(), ToString::to_string);
                let why = "the company is asked at another API, in another account's name";
                self.add(&format!("endpoint of {called}"), before.or_else(rest), after.or_else(rest), why);
            }
        }
    }
}
