use exeat_core::inspect::reader::Reason;

use crate::seen::{Seen, every_cut_is_said};

const PEOPLE: &str = include_str!("../../samples/parquet/people.csv");
const COLUMNS: [&str; 12] = [
    "nhs_number",
    "old_number",
    "forename",
    "note",
    "born",
    "seen",
    "cost",
    "alive",
    "small",
    "weight",
    "place.city",
    "place.postcode",
];

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../samples/parquet/", $name, ".parquet"))
    };
}

#[test]
fn the_same_table_is_read_whatever_its_encoding() {
    for (name, bytes) in [
        ("none", &sample!("people-none")[..]),
        ("snappy", sample!("people-snappy")),
        ("gzip", sample!("people-gzip")),
        ("zstd", sample!("people-zstd")),
        ("brotli", sample!("people-brotli")),
        ("lz4", sample!("people-lz4")),
        ("plain", sample!("people-plain")),
        ("v2", sample!("people-v2")),
        ("delta", sample!("people-delta")),
        ("index", sample!("people-index")),
    ] {
        let seen = Seen::of(bytes);
        assert_eq!(seen.uninspected, [], "{name}");
        let table = seen.part("");
        assert_eq!(
            table.columns.as_deref(),
            Some(&COLUMNS.map(String::from)[..])
        );
        for (place, (line, expected)) in table.text().lines().zip(PEOPLE.lines()).enumerate() {
            assert_eq!(line, expected, "{name}, line {place}");
        }
        assert_eq!(table.text().len(), PEOPLE.len(), "{name}");
    }
}

#[test]
fn old_timestamps_are_dates_and_times() {
    let seen = Seen::of(sample!("people-int96"));
    assert_eq!(seen.uninspected, []);
    let text = seen.part("").text();
    assert!(text.starts_with("2024-02-29 12:00:00.0005"), "{text}");
    assert!(text.contains("1950-02-07"), "{text}");
}

#[test]
fn numbers_with_gaps_are_digits_and_filtered_categories_are_seen() {
    let seen = Seen::of(sample!("pandas-filtered"));
    assert_eq!(seen.uninspected, []);
    let text = seen.part("").text();
    assert!(text.starts_with("9990000018,Person 0\n"), "{text}");
    assert!(text.contains("\n,Person 3\n"), "{text}");
    assert_eq!(text.lines().count(), 5);
    let rest = seen.part("values of no row");
    assert!(rest.text().contains("Person 39\n"));
    assert_eq!(rest.text().lines().count(), 35);
    assert!(seen.part("metadata").text().contains("pandas"));
}

#[test]
fn lists_are_json() {
    let seen = Seen::of(sample!("nested"));
    assert_eq!(seen.uninspected, []);
    let part = seen.part("");
    assert_eq!(part.columns, None);
    let lines: Vec<_> = part.text().lines().map(String::from).collect();
    assert_eq!(
        lines,
        [
            r#"{"ward":"A","patients":[{"nhs_number":9990000018,"name":"Amy Ford"},{"nhs_number":9990000026,"name":null}],"tags":["x","y\"z"],"scores":{"first":1.50},"born":["1980-01-02"]}"#,
            r#"{"ward":"B","patients":[],"tags":[null],"scores":{},"born":[]}"#,
            r#"{"ward":"C","patients":null,"tags":[],"scores":{},"born":[]}"#,
        ]
    );
}

#[test]
fn binary_values_are_files_of_their_own() {
    let seen = Seen::of(sample!("binary"));
    let text = seen.part("").text();
    assert_eq!(
        text.lines().next(),
        Some("9990000018,,00000000-0000-0000-0000-000000000000,ffffffffffffffff")
    );
    assert!(text.contains("9990000026,plain text,"), "{text}");
    // The reader of images may say more of it.
    let photos = seen.natures.iter().filter(|(path, _)| path == "photo");
    assert_eq!(photos.count(), 1, "{:?}", seen.natures);
}

#[test]
fn a_table_without_rows_has_columns() {
    let seen = Seen::of(sample!("empty"));
    assert_eq!(seen.uninspected, []);
    assert_eq!(seen.part("").columns.as_ref().map(Vec::len), Some(12));
}

#[test]
fn encryption_is_said() {
    let seen = Seen::of(sample!("encrypted"));
    assert_eq!(seen.reason(), Some(Reason::Encrypted));
    let seen = Seen::of(sample!("encrypted-columns"));
    assert_eq!(seen.reason(), Some(Reason::PartlyEncrypted));
}

#[test]
fn what_is_beside_the_columns_is_said() {
    let bytes = sample!("people-zstd");
    // In front of the footer, whose offsets stay right.
    let tail = &bytes[bytes.len() - 8..];
    let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]) as usize;
    let (columns, footer) = bytes.split_at(bytes.len() - 8 - length);
    let hidden = [columns, b"9990000018 Amy Ford", footer].concat();
    assert_eq!(Seen::of(&hidden).reason(), Some(Reason::Unaccounted));
    let padded = [columns, &[0; 4000], footer].concat();
    assert_eq!(Seen::of(&padded).uninspected, []);
    // Another file in front.
    let double = [&bytes[..], bytes].concat();
    assert!(Seen::of(&double).reason().is_some());
}

#[test]
fn what_follows_a_table_is_said_for_what_it_is() {
    let bytes = &sample!("people-plain")[..];
    let whole = Seen::of(bytes);
    for after in [&b"9990000018"[..], b"\n", &[b'x'; 5000]] {
        let seen = Seen::of(&[bytes, after].concat());
        assert_eq!(seen.uninspected, [(String::new(), Reason::Unaccounted)]);
        assert_eq!(seen.parts, whole.parts);
    }
}

#[test]
fn a_file_cut_short_is_never_clean() {
    for bytes in [
        &sample!("people-zstd")[..],
        sample!("nested"),
        sample!("binary"),
    ] {
        every_cut_is_said(bytes, (4..bytes.len()).step_by(97));
    }
}

#[test]
fn flipped_bits_neither_panic_nor_hang() {
    for bytes in [
        &sample!("pandas-filtered")[..],
        sample!("nested"),
        sample!("people-int96"),
    ] {
        for place in 4..bytes.len() {
            for bit in [0x01, 0x80] {
                let mut bytes = bytes.to_vec();
                bytes[place] ^= bit;
                // The crate may panic, which is said as well.
                Seen::of(&bytes);
            }
        }
    }
}
