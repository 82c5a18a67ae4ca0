//! A run is made about some of the companies that the access files are about: those that were named, and those of a shard.
//!
//! Decides by what a file says its company is, and before anything else in it is judged: what is wrong in the file of
//! another company stops nobody here.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    access::AccessFile,
    declared::Pattern,
    load::{LoadError, Loaded},
    mapping::Given,
};
use crate::model::{
    finding::did_you_mean,
    ids::{CompanyId, parse_uuid},
    name,
    portion::{Portion, Shard},
    source::Place,
};

impl Loaded {
    /// Makes a run about the companies that are `named`, each by a name, an id or a pattern of names, and of these about those
    /// of the shard. None that is named means all.
    ///
    /// Where no file says its own company, a name alone is the company that all of them are about.
    ///
    /// # Errors
    ///
    /// What is named and means none of the companies that the files are about.
    pub fn about(mut self, named: &[String], shard: Option<Shard>) -> Result<Self, LoadError> {
        let says_its_own = self.files.access.iter().any(|it| !it.1.says_no_company());
        match named {
            [] => (),
            [one] if !says_its_own && !is_pattern(one) => self.files.company = Some(one.clone()),
            several => self.files.choice.named = Some(self.meant(several)?),
        }
        self.files.choice.shard = shard;
        if !self.files.choice.is_everything() {
            self.leave_out();
        }
        Ok(self)
    }

    /// The companies that are named.
    fn meant(&self, named: &[String]) -> Result<BTreeSet<CompanyId>, LoadError> {
        let (ids, there) = (self.company_ids(), self.companies());
        let names =
            |company: CompanyId| ids.iter().filter(move |it| *it.1 == company).map(|it| it.0.as_str());
        let mut meant = BTreeSet::new();
        for given in named {
            let (id, wanted) = (parse_uuid(given).map(CompanyId), name::composed(given));
            let pattern = Pattern::new(&wanted);
            let is_meant = |it: &CompanyId| {
                id == Some(*it) || names(*it).any(|name| pattern.as_ref().is_some_and(|it| it.matches(name)))
            };
            let before = meant.len();
            let found: Vec<CompanyId> = there.iter().copied().filter(is_meant).collect();
            meant.extend(&found);
            if found.is_empty() && meant.len() == before {
                let known = |it: &CompanyId| names(*it).next().map_or_else(|| it.to_string(), str::to_owned);
                let mut known: Vec<String> = there.iter().map(known).collect();
                known.sort();
                let near = did_you_mean(given, known.iter().map(String::as_str));
                return Err(LoadError::NoSuchCompany { given: given.clone(), known, near });
            }
        }
        Ok(meant)
    }

    /// Leaves the files of other companies out. A file of which it cannot be told stays: what is wrong with it is said.
    fn leave_out(&mut self) {
        let ids = self.company_ids();
        let fallback = self.fallback(&ids);
        let choice = &mut self.files.choice;
        let mut left = BTreeSet::new();
        let mut about = BTreeSet::new();
        self.files.access.retain(|(file, access)| {
            let Some(company) = of(access, &ids, fallback) else { return true };
            about.insert(company);
            let keep = choice.holds(company);
            if !keep {
                left.insert(*file);
                choice.aside.insert(company);
            }
            keep
        });
        if left.is_empty() && choice.shard.is_none() {
            return;
        }
        self.portion = Some(Portion { shard: choice.shard, companies: about.len(), of_paths: self.partial });
        let is_left = |it: &Option<Place>| it.is_some_and(|it| left.contains(&it.file));
        self.findings.retain(|it| !is_left(&it.place));
        self.files.remarks.retain(|it| !is_left(&it.place));
        let (left_tables, tables): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.files.tables).into_iter().partition(|it| left.contains(&it.of.0));
        // One file may be read for several companies.
        let only_left = left_tables.iter().filter(|it| tables.iter().all(|other| other.file != it.file));
        only_left.for_each(|it| self.sources.forget(it.file));
        self.files.tables = tables;
        left.into_iter().for_each(|it| self.sources.forget(it));
    }

    /// The companies that the files are about, as far as that can be told.
    fn companies(&self) -> BTreeSet<CompanyId> {
        let ids = self.company_ids();
        let fallback = self.fallback(&ids);
        self.files.access.iter().filter_map(|it| of(&it.1, &ids, fallback)).collect()
    }

    /// The company of the files that do not say their own.
    fn fallback(&self, ids: &BTreeMap<String, CompanyId>) -> Option<CompanyId> {
        let in_file = || Some(self.files.workspace.as_ref()?.1.company.as_ref()?.v.as_str());
        resolved(self.files.company.as_deref().or_else(in_file)?, ids)
    }

    /// The names that the workspace has for companies.
    fn company_ids(&self) -> BTreeMap<String, CompanyId> {
        let workspace = self.files.workspace.as_ref();
        let ids = workspace.and_then(|it| it.1.ids.as_ref()?.company.as_ref());
        let named = ids.into_iter().flatten().filter_map(|(name, id)| {
            Some((name::composed(name).into_owned(), CompanyId(parse_uuid(&id.as_ref()?.v)?)))
        });
        named.collect()
    }
}

/// Which company a file is about; `None` where that cannot be told.
fn of(
    access: &AccessFile,
    ids: &BTreeMap<String, CompanyId>,
    fallback: Option<CompanyId>,
) -> Option<CompanyId> {
    match &access.company {
        Given::Is(named) => resolved(&named.v, ids),
        Given::Wrong => None,
        Given::Absent => fallback,
    }
}

fn resolved(raw: &str, ids: &BTreeMap<String, CompanyId>) -> Option<CompanyId> {
    parse_uuid(raw).map(CompanyId).or_else(|| ids.get(&*name::composed(raw)).copied())
}

fn is_pattern(named: &str) -> bool {
    named.contains(['*', '?', '[', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = "version: 1\ncompany: voyager\nids: { company: { voyager: 1a6f0000-0000-4000-8000-000000000001, \
        client-a: 2b7e0000-0000-4000-8000-000000000002, client-b: 2b7e0000-0000-4000-8000-000000000003, \
        unused: 2b7e0000-0000-4000-8000-000000000009 } }\n";

    fn loaded(files: &[(&str, &str)]) -> Loaded {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Loaded::of([("rolecall.yaml".to_owned(), WORKSPACE.to_owned())].into_iter().chain(files))
    }

    fn three() -> Loaded {
        loaded(&[
            ("access/v.yaml", "version: 1\n"),
            ("access/a.yaml", "version: 1\ncompany: client-a\n"),
            ("access/b.yaml", "version: 1\ncompany: 2b7e0000-0000-4000-8000-000000000003\nnonsense: 1\n"),
        ])
    }

    /// The paths of the files that are left, or why none is.
    fn chosen(loaded: Loaded, named: &[&str]) -> Result<Vec<String>, String> {
        let named: Vec<String> = named.iter().map(|it| (*it).to_owned()).collect();
        let about = loaded.about(&named, None).map_err(|it| it.to_string())?;
        Ok(about.files.access.iter().map(|it| about.sources.file(it.0).path.clone()).collect())
    }

    #[test]
    fn companies_are_named_by_name_by_id_and_by_pattern() {
        let (v, a, b) = ("access/v.yaml", "access/a.yaml", "access/b.yaml");
        let table: [(&[&str], &[&str]); 8] = [
            (&[], &[v, a, b]),
            (&["client-a"], &[a]),
            (&["voyager"], &[v]),
            (&["2B7E0000-0000-4000-8000-000000000003"], &[b]),
            (&["client-*"], &[a, b]),
            (&["client-a", "voyager"], &[v, a]),
            (&["*", "client-a"], &[v, a, b]),
            (&["client-{a,x}"], &[a]),
        ];
        for (named, left) in table {
            assert_eq!(chosen(three(), named).unwrap(), left, "{named:?}");
        }
    }

    #[test]
    fn what_means_no_company_of_the_files_is_refused_with_those_there_are() {
        for named in ["client-c", "unused", "zz*", "9f9f0000-0000-4000-8000-000000000001", ""] {
            let why = chosen(three(), &["client-a", named]).unwrap_err();
            assert!(why.contains("client-a, client-b, voyager"), "{named}: {why}");
        }
        let near = three().about(&["clientb".to_owned()], None).unwrap_err();
        assert_eq!(near.hint(), Some("did you mean `client-b`?"));
    }

    #[test]
    fn where_no_file_says_its_company_a_name_is_whose_groups_they_are() {
        let one = || loaded(&[("access/v.yaml", "version: 1\n")]);
        let about = one().about(&["client-a".to_owned()], None).unwrap();
        assert_eq!(about.files.company.as_deref(), Some("client-a"));
        assert!(about.portion.is_none());
        // A pattern, or several, can only mean those there are.
        assert_eq!(chosen(one(), &["voy*"]).unwrap(), ["access/v.yaml"]);
        assert!(chosen(one(), &["client-*"]).is_err());
        assert!(chosen(one(), &["voyager", "client-a"]).is_err());
    }

    #[test]
    fn what_is_wrong_with_the_file_of_another_company_is_nothing_here() {
        assert!(!three().findings.is_empty());
        let about = three().about(&["client-a".to_owned()], None).unwrap();
        assert!(about.findings.is_empty(), "{:?}", about.findings);
        assert_eq!(about.portion, Some(Portion { shard: None, companies: 3, of_paths: false }));
        // A file of which the company cannot be told may be of any.
        let unclear = loaded(&[
            ("access/a.yaml", "version: 1\ncompany: client-a\n"),
            ("access/x.yaml", "version: 1\ncompany: [x]\n"),
        ]);
        let about = unclear.about(&["client-a".to_owned()], None).unwrap();
        assert_eq!(about.findings.len(), 1);
    }

    #[test]
    fn a_shard_of_what_was_named_is_a_part_of_both() {
        for index in 0..3 {
            let shard = Shard::new(index, 3);
            let about = three().about(&["client-*".to_owned()], shard).unwrap();
            let expected = [0, 1, 1][usize::from(index)];
            assert_eq!(about.files.access.len(), expected, "{index}");
        }
    }
}
