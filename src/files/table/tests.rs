//! Where fields begin, however a file is written.

use proptest::prelude::*;

use super::*;

/// `line:column text` of each field, with a bar behind the last of a row.
fn fields(bytes: &[u8], delimiter: Delimiter, encoding: Encoding) -> Vec<String> {
    let mut fields = Fields::new(bytes, delimiter, encoding);
    let mut found = Vec::new();
    while let Some(it) = fields.next().unwrap() {
        let end = if it.is_last { "|" } else { "" };
        found.push(format!("{}:{} {}{end}", it.line, it.column, String::from_utf8_lossy(it.bytes)));
    }
    found
}

#[test]
fn a_field_is_where_it_begins_whatever_stands_before_it() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let rows: [(Vec<u8>, Delimiter, Encoding, &[&str]); 12] = [
        (b"a,b\nc,d\n".to_vec(), Delimiter::Comma, Encoding::Utf8, &["1:1 a", "1:3 b|", "2:1 c", "2:3 d|"]),
        (b"a,b\r\nc,d".to_vec(), Delimiter::Comma, Encoding::Utf8, &["1:1 a", "1:3 b|", "2:1 c", "2:3 d|"]),
        (b"a,b\rc,d\r".to_vec(), Delimiter::Comma, Encoding::Utf8, &["1:1 a", "1:3 b|", "2:1 c", "2:3 d|"]),
        (b"\xef\xbb\xbfa;b\n".to_vec(), Delimiter::Semicolon, Encoding::Utf8, &["1:1 a", "1:3 b|"]),
        (b"a\t\n\t\n".to_vec(), Delimiter::Tab, Encoding::Utf8, &["1:1 a", "1:3 |", "2:1 ", "2:2 |"]),
        (b"a,".to_vec(), Delimiter::Comma, Encoding::Utf8, &["1:1 a", "1:3 |"]),
        (b"\n\na\n\r\n\nb\n".to_vec(), Delimiter::Comma, Encoding::Utf8, &["3:1 a|", "6:1 b|"]),
        (
            b"\"a \"\"x\"\", y\",b\n".to_vec(),
            Delimiter::Comma,
            Encoding::Utf8,
            &["1:1 a \"x\", y", "1:14 b|"],
        ),
        (
            b"\"a\nb\r\nc\",d,\"\n\"\ne".to_vec(),
            Delimiter::Comma,
            Encoding::Utf8,
            &["1:1 a\nb\r\nc", "3:4 d", "3:6 \n|", "5:1 e|"],
        ),
        ("é,ü,z\n".as_bytes().to_vec(), Delimiter::Comma, Encoding::Utf8, &["1:1 é", "1:3 ü", "1:5 z|"]),
        (b"\xe9|\xfc|z\n".to_vec(), Delimiter::Line, Encoding::Windows1252, &["1:1 é", "1:3 ü", "1:5 z|"]),
        (utf16("\u{feff}é,b\n"), Delimiter::Comma, Encoding::Utf8, &["1:1 é", "1:3 b|"]),
    ];
    for (bytes, delimiter, encoding, expected) in rows {
        assert_eq!(fields(&bytes, delimiter, encoding), expected, "{}", String::from_utf8_lossy(&bytes));
    }
    for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Windows1252] {
        let marked = "\u{feff}añil,b\n".as_bytes();
        assert_eq!(
            fields(marked, Delimiter::Comma, encoding),
            ["1:1 añil", "1:6 b|"],
            "the mark is believed"
        );
    }
    assert_eq!(
        fields(&utf16("é,b"), Delimiter::Comma, Encoding::Utf16),
        ["1:1 é", "1:3 b|"],
        "without a mark"
    );
}

#[test]
fn an_unclosed_quotation_mark_is_found_before_the_file_is_read_whole() {
    let text = format!("a,b\n1,2\n3,\"{}", "x\n".repeat(MOST_BYTES));
    let mut fields = Fields::new(text.as_bytes(), Delimiter::Comma, Encoding::Utf8);
    let mut last = (0, 0, false);
    while let Some(it) = fields.next().unwrap() {
        last = (it.line, it.column, it.flaw == Some(Flaw::Endless));
        if it.flaw.is_some() {
            break;
        }
    }
    assert_eq!(last, (3, 3, true));
}

#[test]
fn quotation_marks_that_hide_rows_are_flaws() {
    use Flaw::{Behind, Spread, Unclosed};
    let rows: [(&str, Option<Flaw>); 18] = [
        ("1,2,\"x\n3,4,5\n", Some(Unclosed)),
        ("1,2,\"x", Some(Unclosed)),
        ("1,2,\"", Some(Unclosed)),
        ("1,\"x\"\"\n3,4,5\n", Some(Unclosed)),
        ("1,\"ab\"c,3\n", Some(Behind)),
        ("1,\"ab\" ,3\n", Some(Behind)),
        ("1,\"2,3\n4,5,6\n7,8\",9\n", Some(Spread(2))),
        ("1,\"2,3\r\n4,5\",6\r\n", Some(Spread(2))),
        ("1,\"2,3\r4,5\",6\r", Some(Spread(2))),
        ("1,2,\"3\n4,5,6\"", Some(Spread(2))),
        ("1,\"two\nlines\",3\n", Some(Spread(1))),
        ("1,\"Main Street 5\nBerlin, Germany\",3\n", None),
        ("1,\"2,3\n4,5,6\n7\",8\n", None),
        ("1,\"2\n\n\",3\n", None),
        ("1,\"\",3\n", None),
        ("1,\"\"\"\",3", None),
        ("1,5\" pipe,3\n4,6\" pipe,5\n", None),
        ("1,2,3\n4,5,6\n", None),
    ];
    for (text, expected) in rows {
        let mut fields = Fields::new(text.as_bytes(), Delimiter::Comma, Encoding::Utf8);
        let mut flaw = None;
        while let Some(it) = fields.next().unwrap() {
            flaw = flaw.or(it.flaw);
        }
        assert_eq!(flaw, expected, "{text:?}");
    }
}

proptest! {
    /// The reader of the `csv` crate is the second opinion.
    #[test]
    fn fields_are_those_of_another_reader(
        rows in prop::collection::vec(prop::collection::vec("[a-c,;\"é \n\r]{0,6}", 3), 0..6),
        quoted in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let style = if quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().quote_style(style).terminator(end).from_writer(Vec::new());
        rows.iter().for_each(|it| writer.write_record(it).unwrap());
        let bytes = writer.into_inner().unwrap();
        let mut reader = Fields::new(&bytes[..], Delimiter::Comma, Encoding::Utf8);
        let mut found: Vec<Vec<String>> = vec![Vec::new()];
        while let Some(it) = reader.next().unwrap() {
            found.last_mut().unwrap().push(String::from_utf8(it.bytes.to_vec()).unwrap());
            prop_assert!(matches!(it.flaw, None | Some(Flaw::Spread(_))), "{:?}", it.flaw);
            let text = String::from_utf8(bytes.clone()).unwrap();
            if !crlf && !text.contains('\r') {
                // What stands there is the field, or the quotation mark before it.
                let line = text.split('\n').nth(it.line as usize - 1).unwrap();
                let rest: String = line.chars().skip(it.column as usize - 1).collect();
                let first = std::str::from_utf8(it.bytes).unwrap().split('\n').next().unwrap();
                prop_assert!(rest.starts_with('"') || rest.starts_with(first), "{rest} {first}");
            }
            if it.is_last {
                found.push(Vec::new());
            }
        }
        found.pop();
        prop_assert_eq!(found, rows);
    }
}
