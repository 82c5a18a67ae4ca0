//! Where the comments of a text stand. Knows no node.

use std::ops::Range;

use granit_parser::{Event, Parser};

/// The bytes of every comment with its `#`, in order; of a text that is not well-formed those before what is wrong.
pub(in crate::files) fn comments(text: &str) -> Vec<Range<usize>> {
    let options = granit_parser::options! { emit_comments: true, emit_unresolved_aliases: true };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut found = Vec::new();
    while let Some(Ok((event, span))) = parser.next_event() {
        if let (Event::Comment(..), Some(start), Some(end)) =
            (event, span.start.byte_offset(), span.end.byte_offset())
        {
            found.push(start..end);
        }
    }
    // What is read ahead may be told after what follows it.
    found.sort_by_key(|it| it.start);
    found
}
