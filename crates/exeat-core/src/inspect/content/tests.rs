//! What files are seen as, and that nothing depends on how they arrive.

use proptest::prelude::*;

use super::{Block, Kind, Reason, Rows, Stream, Visitor};

mod delimited;
mod documents;
mod hostile;
mod recognition;
mod runs;
mod sniffing;
mod sql;

/// Everything a visitor was shown of one file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    kind: Option<Kind>,
    reasons: Vec<Reason>,
    records: Vec<Record>,
    texts: Vec<String>,
    documents: u64,
    /// (first, whole) of each block of records.
    blocks: Vec<(bool, bool)>,
    largest: usize,
}

type Record = Vec<(String, String)>;

impl Visitor for Seen {
    fn rows(&mut self, rows: &Rows<'_>) {
        self.blocks.push((rows.first, rows.whole));
        for (place, column) in rows.columns.iter().enumerate() {
            assert_eq!(usize::try_from(column.index), Ok(place));
        }
        let mut start = 0;
        for &end in rows.ends {
            let end = usize::try_from(end).expect("fits");
            let cells = rows.cells.get(start..end).expect("ends in order");
            self.records.push(
                cells
                    .iter()
                    .map(|&(column, value)| {
                        let column = rows
                            .columns
                            .get(usize::try_from(column).expect("fits"))
                            .expect("a column");
                        let name = column
                            .name
                            .map_or_else(|| format!("#{}", column.index), lossy);
                        (name, lossy(value))
                    })
                    .collect(),
            );
            start = end;
        }
        assert_eq!(start, rows.cells.len());
    }

    fn text(&mut self, text: &[u8], records: u64) {
        self.texts.push(lossy(text));
        self.documents += records;
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Seen {
    fn of(bytes: &[u8]) -> Self {
        Self::of_pieces(std::iter::once(bytes))
    }

    fn of_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        let mut stream = Stream::new(false);
        for piece in pieces {
            stream.push(piece, &mut |block| blocks.push(block));
        }
        let outcome = stream.finish(&mut |block| blocks.push(block));
        let mut seen = Self {
            kind: Some(outcome.kind),
            ..Self::default()
        };
        seen.reasons.extend(outcome.reason);
        for block in blocks {
            seen.largest = seen.largest.max(block.len());
            if let Err(reason) = block.parse(&mut seen) {
                seen.reasons.push(reason);
            }
        }
        seen
    }

    fn kind(&self) -> Kind {
        self.kind.expect("finished")
    }

    fn reason(&self) -> &str {
        self.reasons.first().map_or("", |reason| reason)
    }

    /// Whether a value was shown, in a cell or in text.
    fn shows(&self, value: &str) -> bool {
        self.cells().any(|(_, cell)| cell.contains(value))
            || self.texts.iter().any(|text| text.contains(value))
    }

    fn cells(&self) -> impl Iterator<Item = (&str, &str)> {
        self.records
            .iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn names(&self) -> Vec<&str> {
        self.records
            .first()
            .map(|record| record.iter().map(|(name, _)| name.as_str()).collect())
            .unwrap_or_default()
    }

    fn column(&self, name: &str) -> Vec<&str> {
        self.cells()
            .filter(|(column, _)| *column == name)
            .map(|(_, value)| value)
            .collect()
    }

    #[track_caller]
    fn expect(&self, kind: Kind, reason: &str) -> &Self {
        assert_eq!(
            (self.kind(), self.reason()),
            (kind, reason),
            "{:?}",
            self.reasons
        );
        self
    }
}

/// Good samples of every kind.
fn samples() -> Vec<Vec<u8>> {
    let mut samples: Vec<Vec<u8>> = [
        "nhs_number,name,note\n9990000018,Amy Smith,\"a \"\"b\"\",\nc\"\n9990000026,Bob,\n",
        "Extract of 2026-11-22\n\nid\tname\tborn\n1\tAmy\t1980-01-02\n2\tBob\t1970-03-04\n",
        "[{\"id\":1,\"a\":{\"b\":[1,2]}},{\"id\":2,\"c\":\"\\u00e9\\ud83d\\ude00\"}]",
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\"}}]}",
        "{\"id\":1}\n{\"id\":2,\"x\":[{\"y\":null}]}\n",
        "CREATE TABLE t (a int, b text);\nINSERT INTO t VALUES (1,'it''s'),(2,NULL);\nCOPY u (c, d) FROM stdin;\n1\ta\\tb\n\\N\tx\n\\.\n",
        "/*!40101 SET NAMES utf8 */;\nINSERT INTO `t` (`a`) VALUES ('it\\'s'),('b');\n",
        "Dear Sir,\n\nall is well.\n",
        "<!DOCTYPE html><p>hello</p>",
    ].iter().map(|text| text.as_bytes().to_vec()).collect();
    let mut wide = vec![0xFF, 0xFE];
    wide.extend(
        "a,b\n1,2\n3,\u{e9}\u{1F600}\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    samples.push(wide);
    samples.push(b"name,town\nAm\xE9lie,M\xFCnchen\nBob,Leeds\nC,D\n".to_vec());
    let note = "name,nhs\nAmy,9990000018\n".repeat(300);
    samples.push(
        format!(
            "to\n{}\nend",
            runs::wrapped(&crate::encoded::base64(note.as_bytes()), 76)
        )
        .into_bytes(),
    );
    samples
}

/// Several MiB of each kind that is cut into blocks.
fn long_samples() -> Vec<Vec<u8>> {
    let rows = 60_000;
    let mut table = String::from("id,name,note\n");
    let mut lines = String::new();
    let mut document = String::from("{\"count\":3,\"patients\":[");
    let mut dump = String::from("INSERT INTO t (id, name) VALUES ");
    for row in 0..rows {
        table.push_str(&format!(
            "{row},\"Smith, Amy\",\"{}\n{row}\"\n",
            "x y ".repeat(row % 17)
        ));
        lines.push_str(&format!(
            "{{\"id\":{row},\"name\":\"Amy \\\"A\\\" Smith\"}}\n"
        ));
        document.push_str(&format!(
            "{}{{\"id\":{row},\"b\":[{{\"c\":\"[}}\"}}]}}",
            if row > 0 { "," } else { "" }
        ));
        dump.push_str(&format!(
            "{}({row},'O''Neil; (b)')",
            if row > 0 { ",\n" } else { "" }
        ));
    }
    document.push_str("],\"end\":true}");
    dump.push(';');
    vec![
        table.into_bytes(),
        lines.into_bytes(),
        document.into_bytes(),
        dump.into_bytes(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cutting_into_pieces_changes_nothing(which in 0..12_usize, sizes in prop::collection::vec(1..40_usize, 1..20)) {
        let samples = samples();
        let sample = &samples[which % samples.len()];
        prop_assert_eq!(Seen::of_pieces(pieces(sample, &sizes).into_iter()), Seen::of(sample));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn cutting_long_files_changes_nothing(sizes in prop::collection::vec(1..131_072_usize, 1..20)) {
        for sample in long_samples() {
            prop_assert!(Seen::of_pieces(pieces(&sample, &sizes).into_iter()) == Seen::of(&sample));
        }
    }
}

/// A file cut into pieces of these sizes, over and over.
fn pieces<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at(size.min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

#[test]
fn long_files_come_back_whole_in_blocks() {
    for (sample, columns) in long_samples().iter().zip([3, 2, 2, 2]) {
        let seen = Seen::of(sample);
        seen.expect(Kind::Table, "");
        let ids = seen.column("id");
        let expected: Vec<String> = (0..60_000).map(|row| row.to_string()).collect();
        assert!(ids == expected, "{} of {}", ids.len(), expected.len());
        assert!(
            seen.records
                .iter()
                .take(60_000)
                .all(|record| record.len() == columns)
        );
        assert!(
            seen.blocks.len() > 1 && seen.largest < 3 << 20,
            "{:?} {}",
            seen.blocks,
            seen.largest
        );
        assert_eq!(
            seen.blocks.iter().take(2).collect::<Vec<_>>(),
            [&(true, false), &(false, false)]
        );
    }
}
