//! Laws of an explanation.
