use exeat_core::inspect::reader::Reason;

use crate::seen::{Seen, every_cut_is_said, no_flip_is_a_fault};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../samples/sqlite/", $name))
    };
}

#[test]
fn every_table_is_read() {
    let seen = Seen::of(sample!("people.db"));
    assert_eq!(seen.part("patient").columns.as_ref().map(Vec::len), Some(6));
    let text = seen.part("patient").text();
    assert!(
        text.starts_with("1,9990000018,,0,,1980-01-01\n2,9990000026,Zoë Ford,9990000026,1,"),
        "{text}"
    );
    assert!(text.contains("\"Al \"\"Bo\"\", jr.\""), "{text}");
    assert!(text.contains(",plain bytes,"), "{text}");
    // A row on several pages.
    assert!(text.contains("long long end,"), "{text}");
    assert_eq!(seen.part("empty").text(), "");
    assert_eq!(seen.part("computed").text(), "21,63,after\n");
    let keyed = seen.part("keyed");
    let columns = keyed.columns.as_ref().map(|columns| columns.join(" "));
    assert_eq!(columns.as_deref(), Some("nhs_number ward bed"));
    assert_eq!(keyed.text().lines().count(), 200);
    assert!(
        keyed.text().starts_with("9990000018,Ward 0,0\n"),
        "{}",
        keyed.text()
    );
    // The number of the row is data here.
    let by_number = seen.part("by_number").text();
    assert!(
        by_number.starts_with("Ann Lane,added later,999000"),
        "{by_number}"
    );
    let schema = seen.part("schema").text();
    assert!(schema.contains("Trigger Person"), "{schema}");
    assert!(schema.contains("all_names"), "{schema}");
    assert!(
        seen.part("search_content")
            .text()
            .contains("searched words")
    );
    let odd = seen.part("a table, with (odd) name");
    assert!(
        odd.text().contains("digest,fafbfcfdfeff\n"),
        "{}",
        odd.text()
    );
    assert!(odd.text().contains("text,as text\n"), "{}", odd.text());
    assert!(
        seen.natures
            .iter()
            .any(|(path, _)| path.ends_with("name!/second")),
        "{:?}",
        seen.natures
    );
    let other: Vec<_> = seen
        .uninspected
        .iter()
        .filter(|(path, _)| !path.ends_with("!/second"))
        .collect();
    assert_eq!(other, Vec::<&(String, Reason)>::new());
}

#[test]
fn text_of_two_bytes_a_character_is_text() {
    for bytes in [sample!("utf16le.db"), sample!("utf16be.db")] {
        let seen = Seen::of(bytes);
        assert_eq!(seen.uninspected, []);
        assert_eq!(seen.part("patient").text(), "9990000018,Zoë 😀 Ford\n");
        let remains = seen.part("deleted rows").text();
        assert!(remains.contains("Gone Withwind"), "{remains}");
    }
}

#[test]
fn rows_that_were_deleted_are_passed_on() {
    let seen = Seen::of(sample!("deleted.db"));
    assert_eq!(seen.uninspected, []);
    assert_eq!(seen.part("kept").text().lines().count(), 159);
    let remains = seen.part("deleted rows").text();
    for n in [0, 80, 159] {
        assert!(
            remains.contains(&format!("Dropped Person {n}\n")),
            "{n}: {remains}"
        );
    }
    assert!(
        remains.contains("9990000026\tDropped Person 1\n"),
        "{remains}"
    );
    assert!(remains.contains("Kept Person 42"), "{remains}");
}

#[test]
fn a_map_of_pages_hides_nothing() {
    let seen = Seen::of(sample!("vacuum.db"));
    assert_eq!(seen.uninspected, []);
    assert_eq!(seen.part("patient").text().lines().count(), 40);
    assert!(seen.part("deleted rows").text().contains("Person 50"));
}

#[test]
fn a_log_is_read_beside_the_file() {
    let seen = Seen::with_log(sample!("logged.db"), Some(sample!("logged.db-wal")));
    assert_eq!(seen.uninspected, []);
    let tables = seen.parts.iter().filter(|part| part.path == "patient");
    let texts: Vec<_> = tables.map(|part| part.text()).collect();
    assert_eq!(
        texts,
        [
            "9990000018,Only Infile\n9990000026,Both Places\n",
            "9990000026,Both Places\n9990000034,Only Inlog\n",
        ]
    );
    assert_eq!(seen.part("later").text(), "Newtable Row\n");
    assert!(seen.part("deleted rows").text().contains("Shortlived Row"));
    // Alone, it is what it is.
    let seen = Seen::of(sample!("logged.db"));
    assert_eq!(seen.uninspected, []);
    assert!(!seen.shows("Only Inlog"));
    assert!(seen.shows("Only Infile"));
}

#[test]
fn a_log_that_is_none_is_said() {
    let log = sample!("logged.db-wal");
    for (log, reason) in [
        (
            &b"not a log at all, but long enough to have a header"[..],
            Reason::Damaged,
        ),
        (&log[..20], Reason::CutShort),
        (&log[..log.len() - 1], Reason::CutShort),
    ] {
        let seen = Seen::with_log(sample!("logged.db"), Some(log));
        assert_eq!(seen.uninspected, [("log".to_owned(), reason)]);
        assert!(seen.shows("Only Infile"));
    }
    let seen = Seen::with_log(sample!("logged.db"), Some(b""));
    assert_eq!(seen.uninspected, []);
}

#[test]
fn an_empty_database_is_clean() {
    let seen = Seen::of(sample!("nothing.db"));
    assert_eq!(seen.uninspected, []);
}

#[test]
fn what_is_behind_the_last_page_is_said() {
    let bytes = sample!("utf16le.db");
    let seen = Seen::of(&[&bytes[..], b"9990000018 Amy Ford"].concat());
    assert_eq!(seen.reason(), Some(Reason::Unaccounted));
    let seen = Seen::of(&[&bytes[..], &[0; 5000]].concat());
    assert_eq!(seen.uninspected, []);
}

#[test]
fn a_page_that_nothing_lists_is_said_and_read() {
    let bytes = sample!("nothing.db");
    let mut bytes = bytes.to_vec();
    let size = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    let count = u32::try_from(bytes.len() / size).expect("few");
    bytes.resize(bytes.len() + size, 0);
    let end = bytes.len();
    bytes[end - 20..end - 12].copy_from_slice(b"Amy Ford");
    bytes[28..32].copy_from_slice(&(count + 1).to_be_bytes());
    let seen = Seen::of(&bytes);
    assert_eq!(seen.reason(), Some(Reason::Unaccounted));
    assert!(seen.shows("Amy Ford"));
}

#[test]
fn a_database_cut_short_is_never_clean() {
    for bytes in [
        &sample!("people.db")[..],
        sample!("utf16le.db"),
        sample!("vacuum.db"),
    ] {
        every_cut_is_said(bytes, (16..bytes.len()).step_by(97));
    }
}

#[test]
fn flipped_bits_neither_panic_nor_hang() {
    let sample = sample!("utf16le.db");
    no_flip_is_a_fault(sample, 16..sample.len(), &[0x01, 0x80]);
    let sample = sample!("people.db");
    no_flip_is_a_fault(sample, (16..sample.len()).step_by(31), &[0xFF]);
}

#[test]
fn a_header_that_claims_more_pages_than_there_are_costs_nothing() {
    let mut bytes = sample!("utf16le.db").to_vec();
    bytes[28..32].copy_from_slice(&u32::MAX.to_be_bytes());
    let seen = Seen::of(&bytes);
    assert_eq!(seen.reason(), Some(Reason::CutShort));
    assert!(seen.shows("Zoë"));
}

#[test]
fn a_table_that_the_schema_calls_an_index_is_read_or_said() {
    let bytes = sample!("people.db");
    let rows = |seen: &Seen| {
        let part = seen.parts.iter().find(|part| part.path == "computed");
        part.map(|part| part.content.clone())
    };
    let whole = rows(&Seen::of(bytes));
    // The schema may stand in the file more than once, from before a change.
    for at in memchr::memmem::find_iter(bytes, b"tablecomputedcomputed") {
        let mut bytes = bytes.to_vec();
        bytes[at..at + 5].copy_from_slice(b"index");
        let seen = Seen::of(&bytes);
        assert!(seen.reason().is_some() || rows(&seen) == whole);
    }
}
