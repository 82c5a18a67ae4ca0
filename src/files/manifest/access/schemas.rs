//! The schemas of the values of an access file that may be text, a list or a mapping.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    AudienceEntry, AudienceOrName, Listing, MemberEntry, MemberKeys, OneOrMany, PersonEntry, PersonKeys,
    RoleKeys, RoleName, ScopeEntry, TravellerEntry, TravellerKeys,
};
use crate::model::direct;

/// The types of role that people hold outside groups.
pub(super) fn direct_role_type(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": direct::TYPES.map(|it| it.0) })
}

macro_rules! any_of {
    ($([$($generic:ident)?] $type:ty, $name:literal, |$generator:ident| $options:expr;)*) => {$(
        impl $(<$generic: JsonSchema>)? JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "anyOf": $options })
            }
        }
    )*};
}

any_of! {
    [T] Listing<T>, "Listing", |generator| {
        let items = generator.subschema_for::<T>();
        [
            json_schema!({ "description": "Exactly these; `[]` is nobody.", "type": "array", "items": items }),
            json_schema!({
                "description": "These, and whoever else is there.",
                "type": "object",
                "properties": { "atLeast": { "type": "array", "items": items } },
                "required": ["atLeast"],
                "additionalProperties": false
            }),
            json_schema!({ "description": "Not ours: whatever is there stays.", "const": "unmanaged" }),
        ]
    };
    [T] OneOrMany<T>, "OneOrMany", |generator| {
        let item = generator.subschema_for::<T>();
        [item.clone(), json_schema!({ "type": "array", "items": item, "minItems": 1 })]
    };
    [] RoleName, "RoleName", |generator| [
        json_schema!({ "description": "The exact name of the role.", "type": "string" }),
        generator.subschema_for::<RoleKeys>(),
    ];
    [] AudienceOrName, "AudienceOrName", |generator| [
        json_schema!({ "description": "The name of a scope.", "type": "string" }),
        generator.subschema_for::<AudienceEntry>(),
    ];
    [] ScopeEntry, "ScopeEntry", |generator| [
        json_schema!({ "description": "The name of a scope.", "type": "string" }),
        generator.subschema_for::<AudienceEntry>(),
        json_schema!({
            "description": "Any of these audiences.",
            "type": "array",
            "items": generator.subschema_for::<AudienceOrName>(),
            "minItems": 1
        }),
    ];
    [] MemberEntry, "MemberEntry", |generator| [
        json_schema!({ "description": "A business e-mail address.", "type": "string" }),
        generator.subschema_for::<MemberKeys>(),
    ];
    [] PersonEntry, "PersonEntry", |generator| [
        json_schema!({ "description": "A business e-mail address.", "type": "string" }),
        generator.subschema_for::<PersonKeys>(),
    ];
    [] TravellerEntry, "TravellerEntry", |generator| [
        json_schema!({ "description": "A business e-mail address.", "type": "string" }),
        generator.subschema_for::<TravellerKeys>(),
    ];
}
