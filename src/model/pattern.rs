//! The bounds of a pattern, before anything makes sense of it. Which texts it is compared with is not known here.
//!
//! What turns a pattern into something to compare with goes into every brace in turn, so that a pattern of nothing but
//! braces would take all the stack there is.

use globset::GlobBuilder;

/// Most bytes of a pattern.
pub(crate) const MOST_BYTES: usize = 1_024;
/// Most braces that are open at a time.
const MOST_OPEN: usize = 8;

/// Why a text is no pattern that anything is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfBounds {
    /// It is long.
    #[error("it has more than {MOST_BYTES} bytes")]
    Long,
    /// It is deep.
    #[error("it has more than {MOST_OPEN} braces within each other")]
    Deep,
}

/// Begins to read a pattern that is not too long and not too deep.
///
/// # Errors
///
/// Where it is.
pub fn glob(text: &str) -> Result<GlobBuilder<'_>, OutOfBounds> {
    if text.len() > MOST_BYTES {
        return Err(OutOfBounds::Long);
    }
    // Without regard to quoting: who quotes that many braces may write `?` for some.
    let mut open = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => (),
        }
        if open > MOST_OPEN {
            return Err(OutOfBounds::Deep);
        }
    }
    Ok(GlobBuilder::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::escape::short;

    #[test]
    fn what_is_too_long_or_too_deep_is_no_pattern() {
        let nested = |n: usize| "{".repeat(n) + "a" + &"}".repeat(n);
        for (text, refused) in [
            ("access/**/*.yaml".to_owned(), None),
            ("{a,b}{c,d}".repeat(100), None),
            (nested(MOST_OPEN), None),
            (nested(MOST_OPEN + 1), Some(OutOfBounds::Deep)),
            ("{".repeat(1_000), Some(OutOfBounds::Deep)),
            (r"\{".repeat(20), Some(OutOfBounds::Deep)),
            (nested(100_000), Some(OutOfBounds::Long)),
            ("*".repeat(MOST_BYTES + 1), Some(OutOfBounds::Long)),
            ("é".repeat(MOST_BYTES), Some(OutOfBounds::Long)),
        ] {
            assert_eq!(glob(&text).err(), refused, "{}", short(&text));
        }
    }
}
