//! A JSON object kept to the letter: what nobody here knows of it is written back as it was read.
//!
//! The order of its fields, the digits of its numbers and fields that this version does not know stay. It holds what may
//! be personal: it says how many fields it has when it is debugged, and not which.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::{RawValue, to_raw_value};

use super::json::compact;

/// A JSON object, its fields in the order in which they were read.
#[derive(Clone, Default)]
pub struct Object(Vec<(Box<str>, Box<RawValue>)>);

impl Object {
    /// Returns the object that a value of ours is; empty for one that is written as anything else.
    pub fn of(value: &impl Serialize) -> Self {
        serde_json::to_string(value).ok().and_then(|it| serde_json::from_str(&it).ok()).unwrap_or_default()
    }

    /// Whether it has a field at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Returns the field of a name; of several the last, as most readers take it.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().rfind(|it| &*it.0 == name).map(|it| &*it.1)
    }

    /// Returns a field as it decodes; nothing where it is not there or is of another form.
    pub fn read<'s, T: Deserialize<'s>>(&'s self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// Puts a field in the place of those of its name, or at the end. Every other field stays as it is.
    pub fn set(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        // What comes here is plain data, or was JSON before.
        let Ok(value) = to_raw_value(value) else { return };
        match self.0.iter().position(|it| &*it.0 == name) {
            Some(at) => {
                self.0[at].1 = value;
                let mut n = 0;
                self.0.retain(|it| {
                    n += 1;
                    n <= at + 1 || &*it.0 != name
                });
            }
            None => self.0.push((name.into(), value)),
        }
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|it| &*it.0 != name);
    }

    /// Whether both say the same: in whatever order and spacing, and to the last digit.
    pub fn same(&self, other: &Self) -> bool {
        sorted(self).zip_equal(sorted(other))
    }

    /// The same object without the spaces that mean nothing.
    #[must_use]
    pub fn compacted(&self) -> Self {
        Self(self.0.iter().map(|(name, value)| (name.clone(), compact(value))).collect())
    }
}

/// Something in an object that has nothing more in it, and how one gets there: `identityDocs[0].passport.docId`.
#[derive(Clone)]
pub struct Leaf {
    /// Names of fields and places in lists.
    pub path: String,
    /// A text, a number, a word, or an empty object or list.
    pub value: Box<RawValue>,
}

impl Object {
    /// Returns everything that it says, in its order.
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.iter().for_each(|(name, value)| below(name.to_owned(), value, &mut leaves));
        leaves
    }
}

/// Something that becomes otherwise from one object to another.
#[derive(Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Difference {
    Added(Leaf),
    Removed(Leaf),
    Changed { from: Leaf, to: Leaf },
}

impl Difference {
    /// Where it is.
    pub fn path(&self) -> &str {
        match self {
            Self::Added(it) | Self::Removed(it) | Self::Changed { to: it, .. } => &it.path,
        }
    }
}

impl Object {
    /// What becomes of it: what goes and what changes in its own order, then what is new.
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        let (all, others) = (self.leaves(), after.leaves());
        let by_path = |leaves: &[Leaf]| -> BTreeMap<String, Leaf> {
            leaves.iter().map(|it| (it.path.clone(), it.clone())).collect()
        };
        let (before, then) = (by_path(&all), by_path(&others));
        let gone = all.into_iter().filter_map(|from| match then.get(&from.path) {
            None => Some(Difference::Removed(from)),
            Some(to) if same(&from.value, &to.value) => None,
            Some(to) => Some(Difference::Changed { from, to: to.clone() }),
        });
        let new = others.into_iter().filter(|it| !before.contains_key(&it.path)).map(Difference::Added);
        gone.chain(new).collect()
    }
}

fn below(path: String, value: &RawValue, leaves: &mut Vec<Leaf>) {
    let before = leaves.len();
    match value.get().as_bytes().first() {
        Some(b'{') => {
            let object: Object = serde_json::from_str(value.get()).unwrap_or_default();
            object.iter().for_each(|(name, value)| below(format!("{path}.{name}"), value, leaves));
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
            items.iter().enumerate().for_each(|(n, it)| below(format!("{path}[{n}]"), it, leaves));
        }
        _ => (),
    }
    if leaves.len() == before {
        leaves.push(Leaf { path, value: compact(value) });
    }
}

/// Whether two JSON values say the same, but for the order of fields and for spaces: numbers to the last digit.
pub fn same(a: &RawValue, b: &RawValue) -> bool {
    fn read<'a, T: Deserialize<'a>>(it: &'a RawValue) -> Option<T> {
        serde_json::from_str(it.get()).ok()
    }
    match (a.get().as_bytes().first(), b.get().as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (read::<Object>(a), read::<Object>(b)) {
            (Some(a), Some(b)) => a.same(&b),
            _ => false,
        },
        (Some(b'['), Some(b'[')) => match (read::<Vec<&RawValue>>(a), read::<Vec<&RawValue>>(b)) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
            _ => false,
        },
        // A text may be written with escapes or without.
        (Some(b'"'), Some(b'"')) => {
            a.get() == b.get() || read::<String>(a).is_some_and(|it| Some(it) == read::<String>(b))
        }
        _ => a.get() == b.get(),
    }
}

/// The fields of an object by name; those of one name in their order.
struct Sorted<'o>(Vec<&'o (Box<str>, Box<RawValue>)>);

fn sorted(object: &Object) -> Sorted<'_> {
    let mut fields: Vec<_> = object.0.iter().collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Sorted(fields)
}

impl Sorted<'_> {
    fn zip_equal(self, other: Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(other.0).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} fields)", self.0.len())
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some(field) = fields.next_entry()? {
                    object.0.push(field);
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(text: &str) -> Object {
        serde_json::from_str(text).unwrap()
    }

    fn written(object: &Object) -> String {
        serde_json::to_string(object).unwrap()
    }

    #[test]
    fn everything_but_a_field_that_is_set_is_written_as_it_was_read() {
        let text =
            r#"{"b":1.0e400,"a":{"x": [1.10, null],"y":"\u00e9"},"b2":12345678901234567890123,"a2":"A\/B"}"#;
        assert_eq!(written(&object(text)), text);
        for (name, value, changed) in [
            ("a", json!({ "id": 1 }), text.replacen(r#"{"x": [1.10, null],"y":"\u00e9"}"#, r#"{"id":1}"#, 1)),
            ("b", json!(2), text.replacen("1.0e400", "2", 1)),
            ("new", json!([]), format!(r#"{},"new":[]}}"#, &text[..text.len() - 1])),
        ] {
            let mut it = object(text);
            it.set(name, &value);
            assert_eq!(written(&it), changed);
            it.remove(name);
            assert!(it.get(name).is_none());
        }
    }

    #[test]
    fn a_field_that_is_there_twice_is_set_once() {
        let mut it = object(r#"{"a":1,"b":2,"a":3}"#);
        assert_eq!(it.read::<u8>("a"), Some(3));
        it.set("a", &4);
        assert_eq!(written(&it), r#"{"a":4,"b":2}"#);
    }

    #[test]
    fn two_objects_are_the_same_in_any_order_and_spelling_and_differ_by_a_digit() {
        let one = r#"{"a":{"x":[1,{"p":true}],"y":"é"},"b":0.1}"#;
        for (other, is_same) in [
            (r#"{ "b": 0.1, "a": { "y": "\u00e9", "x": [1, {"p": true}] } }"#, true),
            (r#"{"a":{"x":[1,{"p":true}],"y":"é"},"b":0.10}"#, false),
            (r#"{"a":{"x":[{"p":true},1],"y":"é"},"b":0.1}"#, false),
            (r#"{"a":{"x":[1,{"p":true}],"y":"é"}}"#, false),
            (r#"{"a":{"x":[1,{"p":true}],"y":"e"},"b":0.1}"#, false),
            (r#"{"a":{"x":[1,{"p":true}],"y":"é"},"b":0.1,"c":null}"#, false),
        ] {
            assert_eq!(object(one).same(&object(other)), is_same, "{other}");
            assert_eq!(object(other).same(&object(one)), is_same, "{other}");
        }
    }

    #[test]
    fn everything_that_it_says_has_a_path() {
        let it = object(r#"{"a":{"b":[1,{"c":"x"},[]],"d":{}},"e":null}"#);
        let leaves: Vec<String> = it.leaves().iter().map(|it| format!("{}={}", it.path, it.value)).collect();
        assert_eq!(leaves, ["a.b[0]=1", r#"a.b[1].c="x""#, "a.b[2]=[]", "a.d={}", "e=null"]);
    }

    #[test]
    fn nothing_of_it_is_shown_by_accident() {
        assert_eq!(format!("{:?}", object(r#"{"passport":"K0000"}"#)), "Object(1 fields)");
    }
}
