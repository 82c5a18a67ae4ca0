//! Which words of a file are a number, true or false.
//!
//! As YAML 1.2 has it: `yes`, `on` and times of day are texts.

/// `true` or `false`, as YAML 1.2 spells them.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match padded(text) {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A whole number, in decimals or with a prefix that says otherwise; leading zeros are ambiguous, and so is -0.
pub(super) fn whole(text: &str) -> Option<i128> {
    let text = padded(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = |of: [&str; 2]| of.iter().find_map(|it| digits.strip_prefix(it));
    let (radix, digits) = if let Some(rest) = prefixed(["0x", "0X"]) {
        (16, rest)
    } else if let Some(rest) = prefixed(["0o", "0O"]) {
        (8, rest)
    } else if let Some(rest) = prefixed(["0b", "0B"]) {
        (2, rest)
    } else if digits.starts_with('0') && digits != "0" {
        return None;
    } else {
        (10, digits)
    };
    let parted = digits.contains('_');
    if parted && (digits.starts_with('_') || digits.ends_with('_') || digits.contains("__")) {
        return None;
    }
    let number =
        if parted { i128::from_str_radix(&digits.replace('_', ""), radix) } else { unsigned(digits, radix) };
    number.ok().filter(|it| sign > 0 || *it != 0).map(|it| sign * it)
}

/// Without the sign that the library would take a second time.
fn unsigned(digits: &str, radix: u32) -> Result<i128, std::num::ParseIntError> {
    if digits.starts_with(['+', '-']) {
        i128::from_str_radix("", radix)
    } else {
        i128::from_str_radix(digits, radix)
    }
}

/// A number with a fraction, or too large to be whole.
pub(super) fn fraction(text: &str) -> Option<f64> {
    padded(text).parse().ok().filter(|_| is_decimal(text))
}

/// Whether it is a number for YAML, and none for JSON: infinite, too large, or the word for no number.
pub(super) fn is_beyond(text: &str) -> bool {
    let bare = padded(text).trim_start_matches(['+', '-']);
    let is_word = [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(&bare);
    is_word || is_decimal(text) && padded(text).parse().is_ok_and(|it: f64| !it.is_finite())
}

fn is_decimal(text: &str) -> bool {
    let text = padded(text);
    text.contains(|it: char| it.is_ascii_digit())
        && text.chars().all(|it| matches!(it, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
}

fn padded(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}
