//! Answers: what an operation returns, and how a refusal is put into the API's envelope (contract §1.2). What is
//! answered is never decided here.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::Response,
};
use serde::Serialize;

use super::dialect::WriteAnswer;

/// What an operation answers when it does what it was asked.
#[derive(Debug)]
pub(super) enum Reply {
    /// JSON, with 200 unless it was created.
    Json(StatusCode, Vec<u8>),
    /// Done, nothing to say.
    Empty(StatusCode),
}

impl WriteAnswer {
    pub(super) fn reply(self) -> Reply {
        match self {
            Self::Empty => Reply::Empty(StatusCode::OK),
            Self::Object => Reply::Json(StatusCode::OK, b"{}".to_vec()),
            Self::NoContent => Reply::Empty(StatusCode::NO_CONTENT),
        }
    }
}

impl Reply {
    pub(super) fn json(value: &impl Serialize) -> Result<Self, Refusal> {
        let bytes = serde_json::to_vec(value).map_err(|error| Refusal::broken(error.to_string()))?;
        Ok(Self::Json(StatusCode::OK, bytes))
    }

    /// The same as 201, which the users API answers to a creation and the rbac API does not.
    pub(super) fn created(self) -> Self {
        match self {
            Self::Json(_, bytes) => Self::Json(StatusCode::CREATED, bytes),
            Self::Empty(_) => Self::Empty(StatusCode::CREATED),
        }
    }

    pub(super) fn into_response(self) -> Response {
        match self {
            Self::Json(status, bytes) => json_response(status, bytes),
            Self::Empty(status) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = status;
                response
            }
        }
    }
}

/// What an operation answers when it does not.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    parameter: Option<Parameter>,
}

const FORBIDDEN: &str = "SANDBOX_FORBIDDEN";
const NOT_FOUND: &str = "SANDBOX_NOT_FOUND";

// `API_VALIDATION_FAILED`, `INVALID_USER_IDS_QUERY_PARAMS` and
// `USER_NOT_AUTHENTICATED` are the API's. Codes that begin with `SANDBOX_` are
// inventions: the API's own for these cases are not documented (contract §1.2).
impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), parameter: None }
    }

    /// 400: `field` is not as the schema, or a rule about its content, wants it.
    pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        let message = if field.is_empty() { problem.clone() } else { format!("{field}: {problem}") };
        Self {
            parameter: Some(Parameter { name: field.to_owned(), value: problem }),
            ..Self::new(StatusCode::BAD_REQUEST, "API_VALIDATION_FAILED", message)
        }
    }

    /// The same with another status, and the code that goes with it.
    pub(super) fn answered(mut self, status: u16) -> Self {
        (self.status, self.code) = match status {
            403 => (StatusCode::FORBIDDEN, FORBIDDEN),
            404 => (StatusCode::NOT_FOUND, NOT_FOUND),
            _ => (StatusCode::BAD_REQUEST, "API_VALIDATION_FAILED"),
        };
        self
    }

    pub(super) fn invalid_company_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_USER_IDS_QUERY_PARAMS", message)
    }

    pub(super) fn not_authenticated(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "USER_NOT_AUTHENTICATED", message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, FORBIDDEN, message)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, NOT_FOUND, format!("{what} does not exist"))
    }

    pub(super) fn no_such_method(method: &str, path: &str) -> Self {
        let message = format!("{method} is not supported on {path}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "SANDBOX_METHOD_NOT_ALLOWED", message)
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes or ended early");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "SANDBOX_PAYLOAD_TOO_LARGE", message)
    }

    /// 500: the sandbox itself failed, for example to write its state.
    pub(super) fn broken(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "SANDBOX_BROKEN", message)
    }

    /// `n` is the number of the request, for the debug identifier.
    pub(super) fn into_response(self, n: u64) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Envelope {
            debug_identifier: String,
            error_messages: [Message; 1],
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Message {
            error_code: &'static str,
            message: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            error_parameters: Option<[Parameter; 1]>,
        }
        let (error_code, message, error_parameters) =
            (self.code, self.message, self.parameter.map(|it| [it]));
        let error_messages = [Message { error_code, message, error_parameters }];
        let envelope = Envelope { debug_identifier: format!("sandbox-{n}"), error_messages };
        json_response(self.status, serde_json::to_vec(&envelope).unwrap_or_default())
    }
}

#[derive(Debug, Serialize)]
struct Parameter {
    name: String,
    value: String,
}

pub(super) fn json_response(status: StatusCode, body: impl Into<Body>) -> Response {
    response(status, "application/json", body)
}

/// An answer with a body of the media type `kind`.
pub(super) fn response(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
