//! From bytes to the typed request: what is wrong is said with the field it is wrong in.
//!
//! Nothing is known here of what requests look like; their types are in `request`.

use std::{error::Error, fmt::Display};

use axum::{extract::Query, http::Uri};
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Value;
use serde_path_to_error::{Segment, Track};

use super::{dialect::UnknownField, reply::Refusal};

/// Decodes the JSON in `body`; a refusal names the field and the problem.
pub(super) fn json<T: DeserializeOwned>(body: &[u8], unknown_field: UnknownField) -> Result<T, Refusal> {
    let problem = match strict(body) {
        Ok(request) => return Ok(request),
        Err(problem) => problem,
    };
    if unknown_field == UnknownField::Ignore
        && problem.inner().to_string().starts_with("unknown field `")
        && let Ok(mut value) = serde_json::from_slice::<Value>(body)
    {
        // Only to remove what is unknown: what else is wrong is said by the strict decoder.
        let _ = T::deserialize(Pruning(&mut value));
        return strict(&serde_json::to_vec(&value).unwrap_or_default()).map_err(|problem| refusal(&problem));
    }
    Err(refusal(&problem))
}

fn strict<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let mut track = Track::new();
    let request = T::deserialize(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track));
    let whole = request.and_then(|request| deserializer.end().map(|()| request));
    whole.map_err(|error| serde_path_to_error::Error::new(track.path(), error))
}

/// Decodes the query of `uri`; unknown parameters are ignored, and a refusal names the parameter and the problem.
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    Query::try_from_uri(uri).map(|Query(parameters)| parameters).map_err(|rejection| {
        let mut cause: Option<&(dyn Error + 'static)> = rejection.source();
        while let Some(error) = cause {
            if let Some(problem) = error.downcast_ref::<serde_path_to_error::Error<serde::de::value::Error>>()
            {
                return refusal(problem);
            }
            cause = error.source();
        }
        Refusal::invalid("body", rejection.to_string())
    })
}

fn refusal<E: Display>(problem: &serde_path_to_error::Error<E>) -> Refusal {
    let path = match problem.path() {
        path if path.iter().all(|it| matches!(it, Segment::Unknown)) => String::new(),
        path => path.to_string(),
    };
    let text = problem.inner().to_string();
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let field = match (&*path, missing) {
        ("", Some(missing)) => missing.to_owned(),
        (path, Some(missing)) => format!("{path}.{missing}"),
        ("", None) => "body".to_owned(),
        // Names that no schema has are quoted in the text alone.
        (path, None) if path.contains([' ', '`']) => return Refusal::invalid("body", problem.to_string()),
        (path, None) => path.to_owned(),
    };
    Refusal::invalid(&field, text)
}

/// JSON that loses the fields that a structure does not have while the structure is decoded from it.
struct Pruning<'de>(&'de mut Value);

impl<'de> Deserializer<'de> for Pruning<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(rows) => visitor.visit_seq(SeqDeserializer::new(rows.iter_mut().map(Pruning))),
            Value::Object(fields) => {
                let fields = fields.iter_mut().map(|(name, value)| (&**name, Pruning(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            scalar => (&*scalar).deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if let Value::Object(fields) = &mut *self.0 {
            fields.retain(|name, _| known.contains(&&**name));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        (&*self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct newtype_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for Pruning<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::request::{ListGroups, WriteGroup},
        *,
    };

    fn refusal<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> String {
        format!("{:?}", json::<T>(body.as_bytes(), UnknownField::Reject).unwrap_err())
    }

    #[test]
    fn a_refusal_names_the_field() {
        for (body, field) in [
            ("{}", "pagination"),
            (r#"{"pagination":{"limit":0}}"#, "pagination.limit"),
            (r#"{"pagination":{"offset":-1}}"#, "pagination.offset"),
            (r#"{"pagination":{"limit":1.5}}"#, "pagination.limit"),
            (r#"{"pagination":{"page":1}}"#, "pagination.page"),
            (r#"{"pagination":{},"extra":1}"#, "extra"),
            (r#"{"pagination":{},"searchText":null}"#, "searchText"),
            (r#"{"pagination":{},"sortParams":{"sortBy":"NAME"}}"#, "sortParams.sortOrder"),
            (r#"{"pagination":{},"sortParams":{"sortBy":"ID","sortOrder":"ASC"}}"#, "sortParams.sortBy"),
            (r#"{"pagination":{},"filters":[{},{"userGroupIds":["x"]}]}"#, "filters[1].userGroupIds[0]"),
            ("", "body"),
            ("[", "body"),
        ] {
            let refusal = refusal::<ListGroups>(body);
            assert!(refusal.contains(&format!("name: \"{field}\"")), "{body}: {refusal}");
        }
        let long = format!(r#"{{"name":"{}","description":"d"}}"#, "ä".repeat(256));
        assert!(refusal::<WriteGroup>(&long).contains("has 256"));
        assert!(refusal::<WriteGroup>(r#"{"name":"n","description":""}"#).contains("description"));
    }

    #[test]
    fn unknown_fields_can_be_ignored_at_any_depth_but_wrong_ones_cannot() {
        let body = br#"{"a":1,"pagination":{"limit":3,"b":2},"filters":[{"c":[],"userGroupIds":[]}]}"#;
        assert!(json::<ListGroups>(body, UnknownField::Reject).is_err());
        assert!(json::<ListGroups>(body, UnknownField::Ignore).is_ok());
        assert!(json::<ListGroups>(br#"{"a":1,"pagination":{"limit":0}}"#, UnknownField::Ignore).is_err());
        let many: String = (0..200).map(|n| format!(r#","x{n}":[]"#)).collect();
        let many = format!(r#"{{"pagination":{{}}{many}}}"#);
        assert!(json::<ListGroups>(many.as_bytes(), UnknownField::Ignore).is_ok());
    }
}
