//! Facts about a running sandbox, told by an HTTP client.
