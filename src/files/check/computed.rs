//! `membersFrom` and `except`: rules for members, as far as they can be checked without the API.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        At,
        access::{GroupEntry, SelectorEntry},
        declared::{Computed, DeclaredMember, DeclaredRule, Listed, Rest, TraitValue},
        decode::quoted,
        shape::OneOrMany,
    },
    Aliases, Check,
    values::Alias,
};
use crate::model::{
    finding::{Code, Finding},
    selector::{Attribute, Selector},
};

/// Most values of one attribute: as many as one request asks for.
const MOST_VALUES: usize = 99;

impl Check {
    pub(super) fn computed(&mut self, group: &GroupEntry, members: &Listed<DeclaredMember>) -> Computed {
        let mut rules: Vec<DeclaredRule> = Vec::new();
        for rule in group.members_from.iter().filter_map(|it| self.rule(it)).collect::<Vec<_>>() {
            match rules.iter().find(|it| it.selector == rule.selector) {
                Some(first) => self.say(
                    Finding::new(Code::InvalidRule, rule.from, "the same rule is listed twice")
                        .related(first.from, "first listed here"),
                ),
                None => rules.push(rule),
            }
        }
        let first = group.members_from.iter().next().map(|it| self.at(it));
        let is_unmanaged = group.members.as_ref().is_some_and(|it| it.v.rest == Rest::Unmanaged);
        if let Some(at) = first.filter(|_| is_unmanaged) {
            self.say(
                Finding::new(Code::InvalidRule, at, "`membersFrom` says who is a member, and `members: unmanaged` that nobody does")
                    .help("write `members: []` where only the rules count, or `members: { atLeast: [] }` where whoever else is there stays"),
            );
        }
        let except: Vec<DeclaredMember> = group
            .except
            .iter()
            .filter_map(|it| Some(DeclaredMember { person: self.person(it)?, said: None, from: self.at(it) }))
            .collect();
        if let Some(one) = except.first().filter(|_| group.members_from.is_absent()) {
            self.say(
                Finding::new(
                    Code::InvalidRule,
                    one.from,
                    "`except` is for members by a rule, and there is no `membersFrom`",
                )
                .help("add a rule, or leave the person out of `members`"),
            );
        }
        for one in &except {
            if let Some(member) = members.entries.iter().find(|it| it.person == one.person) {
                let message = format!("{} is a member and excepted at once", one.person);
                self.say(
                    Finding::new(Code::InvalidRule, one.from, message)
                        .related(member.from, "listed as a member here")
                        .help("delete one of the two: who is listed under `members` is a member whatever the rules say"),
                );
            }
        }
        Computed { rules, except }
    }

    fn rule(&mut self, entry: &At<SelectorEntry>) -> Option<DeclaredRule> {
        let (from, before) = (self.at(entry), self.findings.len());
        let (mut selector, mut is_wrong) = (Selector::default(), false);
        for (attribute, values) in entry.v.values() {
            is_wrong |= values.is_wrong();
            let Some(OneOrMany(values)) = values.as_ref() else { continue };
            if values.is_empty() || values.len() > MOST_VALUES {
                let message = format!(
                    "a rule has 1 to {MOST_VALUES} values of `{}`, not {}",
                    attribute.as_str(),
                    values.len()
                );
                self.say(
                    Finding::new(Code::InvalidRule, from, message)
                        .help("to mean nobody, leave the rule out; of more than that make a second rule"),
                );
            }
            let values: Vec<Box<str>> = values.iter().filter_map(|it| self.value(attribute, it)).collect();
            selector.put(attribute, values);
        }
        if selector.is_empty() && !is_wrong && self.findings.len() == before {
            let keys: Vec<&str> = Attribute::RULES.iter().map(|it| it.as_str()).collect();
            self.say(
                Finding::new(
                    Code::InvalidRule,
                    from,
                    "the rule asks for nothing, and so would mean everybody",
                )
                .help(format!("name at least one of {}", keys.join(", "))),
            );
        }
        (!is_wrong && self.findings.len() == before).then_some(DeclaredRule { selector, from })
    }

    fn value(&mut self, attribute: Attribute, raw: &At<String>) -> Option<Box<str>> {
        self.attribute(attribute, raw, Code::InvalidRule)
    }

    /// A value of an attribute that files declare of somebody, and that is not a person. A department and the like may be
    /// said by a name that the workspace does not know: the answers of the API may.
    pub(super) fn of_person(
        &mut self,
        attribute: Attribute,
        raw: &At<String>,
        code: Code,
    ) -> Option<TraitValue> {
        if let Some(alias) = alias(attribute) {
            if let Some(known) = self.known(&raw.v, alias) {
                return known.map(|it| TraitValue::Ready(it.to_string().into()));
            }
            return self.spelt(attribute, raw, code).map(TraitValue::Named);
        }
        self.attribute(attribute, raw, code).map(TraitValue::Ready)
    }

    /// A value of an attribute that is not a person, as far as it is known without the API.
    pub(super) fn attribute(
        &mut self,
        attribute: Attribute,
        raw: &At<String>,
        code: Code,
    ) -> Option<Box<str>> {
        match alias(attribute) {
            Some(alias) => self.id(raw, alias).map(|it| it.to_string().into()),
            None => self.spelt(attribute, raw, code),
        }
    }

    /// A text in its one spelling.
    fn spelt(&mut self, attribute: Attribute, raw: &At<String>, code: Code) -> Option<Box<str>> {
        match attribute {
            Attribute::Persona | Attribute::WorkerType if !is_word(&raw.v) => {
                let message = format!("`{}` cannot be a {}", quoted(&raw.v), attribute.word());
                let help = "it is written in capitals, as the API spells it, such as `EMPLOYEE`";
                self.wrong(Finding::new(code, self.at(raw), message).help(help))
            }
            _ if raw.v.trim().is_empty() => {
                let message = format!("the {} is empty", attribute.word());
                self.wrong(
                    Finding::new(code, self.at(raw), message).help("leave the key out to leave it as it is"),
                )
            }
            _ if raw.v.trim() != raw.v => {
                let message = format!("the {} begins or ends with a space or a line break", attribute.word());
                self.wrong(Finding::new(code, self.at(raw), message).help("write it without"))
            }
            _ => self.seen(raw, &format!("the {}", attribute.word())).map(Into::into),
        }
    }

    /// The names that rules may say.
    pub(super) fn attribute_names(&self) -> BTreeMap<Attribute, BTreeSet<Box<str>>> {
        let names = |it: &Aliases| it.names.keys().map(|it| it.as_str().into()).collect();
        [
            (Attribute::LegalEntity, &self.legal_entities),
            (Attribute::Department, &self.departments),
            (Attribute::CostCenter, &self.cost_centers),
            (Attribute::Office, &self.offices),
            (Attribute::Grade, &self.grades),
        ]
        .into_iter()
        .map(|(attribute, all)| (attribute, names(all)))
        .collect()
    }
}

/// Where the workspace has names for the values of an attribute.
fn alias(attribute: Attribute) -> Option<Alias> {
    match attribute {
        Attribute::Department => Some(Alias::Department),
        Attribute::LegalEntity => Some(Alias::LegalEntity),
        Attribute::CostCenter => Some(Alias::CostCenter),
        Attribute::Office => Some(Alias::Office),
        Attribute::Grade => Some(Alias::Grade),
        _ => None,
    }
}

/// Whether a text is a word of the API's: capitals, digits and low lines.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_uppercase() || it == b'_' || it.is_ascii_digit())
}
