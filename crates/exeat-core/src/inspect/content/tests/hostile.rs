//! Bytes that nobody wrote in good faith.

use proptest::prelude::*;

use super::super::{Block, Kind, Rows, Stream, Visitor};
use super::{Seen, samples};

/// Counts and drops, as memory is what is tested.
#[derive(Default)]
struct Count {
    bytes: usize,
}

impl Visitor for Count {
    fn rows(&mut self, rows: &Rows<'_>) {
        self.bytes += rows
            .cells
            .iter()
            .map(|(_, value)| value.len())
            .sum::<usize>();
    }

    fn text(&mut self, text: &[u8], _records: u64) {
        self.bytes += text.len();
    }
}

/// Reads a head and then the same bytes again and again; the reasons, the
/// largest block and the bytes visited.
fn flood(head: &[u8], again: &[u8], times: usize) -> (Kind, Vec<String>, usize, usize) {
    let mut reasons = Vec::new();
    let mut largest = 0;
    let mut count = Count::default();
    let mut emit = |block: Block| {
        largest = largest.max(block.len());
        if let Err(reason) = block.parse(&mut count) {
            reasons.push(reason.into_owned());
        }
    };
    let mut stream = Stream::new(false);
    stream.push(head, &mut emit);
    for _ in 0..times {
        stream.push(again, &mut emit);
    }
    let outcome = stream.finish(&mut emit);
    let mut all: Vec<String> = outcome
        .reason
        .into_iter()
        .map(|reason| reason.into_owned())
        .collect();
    all.extend(reasons);
    (outcome.kind, all, largest, count.bytes)
}

/// Records whose ends fall on the ends of pieces must not pile up.
#[test]
fn blocks_are_cut_wherever_records_end() {
    for (row, name) in [
        ("1,2,\"a\"\n", "quoted"),
        ("1,2,abc\n", "plain"),
        ("{\"a\":1}\n", "JSON"),
        ("all is w\n", "text"),
    ] {
        let rows = row.repeat(128 * 1024 / row.len());
        let (_, reasons, largest, visited) = flood(b"", rows.as_bytes(), 64);
        assert!(reasons.is_empty(), "{name} {reasons:?}");
        assert!(largest <= 2 << 20, "{name} {largest}");
        assert!(visited >= 1 << 20, "{name} {visited}");
    }
}

#[test]
fn lines_and_records_without_end_stay_bounded() {
    let words = "word. ".repeat(20_000);
    let times = 170;
    let size = words.len() * times;
    for (head, kind) in [
        (&b"a text "[..], Kind::Text),
        (b"id,name\n1,Amy\n2,Bob\n3,\"", Kind::Table),
        (b"id,name\n1,Amy\n2,Bob\n3,", Kind::Table),
        (b"{\"id\":1}\n{\"id\":\"", Kind::Table),
        (b"[{\"id\":1},{\"id\":\"", Kind::Json),
        (b"{\"a\":\"", Kind::Json),
        (b"INSERT INTO t VALUES (1),('", Kind::Text),
        (
            b"SET x = '';CREATE TABLE t (a int);COPY t FROM stdin;\nA\t",
            Kind::Text,
        ),
    ] {
        let (found, reasons, largest, visited) = flood(head, words.as_bytes(), times);
        let name = super::lossy(head);
        assert!(!reasons.is_empty(), "{name}");
        assert!(found == kind || found == Kind::Table, "{name} {found:?}");
        assert!(largest <= 17 << 20, "{name} {largest}");
        assert!(visited >= size, "{name} {visited} of {size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        Seen::of(&bytes);
    }

    #[test]
    fn random_text_is_read_without_panic(text in "[a-c\n\r\t,;|:'\"\\\\{}\\[\\]()0-9 \u{e9}\0]{0,200}") {
        let seen = Seen::of(text.as_bytes());
        prop_assert!(seen.kind() != Kind::Empty || text.is_empty());
    }

    #[test]
    fn mutations_are_read_without_panic(
        which in 0..12_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..8),
        sizes in prop::collection::vec(1..60_usize, 1..5),
    ) {
        let samples = samples();
        let mut bytes = samples[which % samples.len()].clone();
        for (at, how, byte) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b"\"'\\\n,;()[]{}"[usize::from(byte) % 12]),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let whole = Seen::of(&bytes);
        prop_assert_eq!(Seen::of_pieces(super::pieces(&bytes, &sizes).into_iter()), whole);
    }

    /// Whatever is done to a table, each number in it is still visited.
    #[test]
    fn numbers_survive_any_damage(
        which in 0..6_usize,
        at in any::<prop::sample::Index>(),
        damage in prop::sample::select(vec!["\"", "'", "\\", "\n", ",", "{", "]", "(", ";", "\0", "\u{e9}", "/*", "--", "\u{1}"]),
    ) {
        let sample = [
            "nhs_number,name\n9990000018,Amy\n9990000026,\"Bob, B\"\n9990000034,Eve\n",
            "nhs_number\tname\n9990000018\tAmy\n9990000026\tBob\n9990000034\tEve\n",
            "[{\"nhs\":9990000018},{\"nhs\":\"9990000026\"},{\"nhs\":\"9990000034\"}]",
            "{\"nhs\":9990000018}\n{\"nhs\":\"9990000026\"}\n{\"nhs\":\"9990000034\"}\n",
            "CREATE TABLE t (a text);\nINSERT INTO t VALUES ('9990000018'),('9990000026');\nINSERT INTO t VALUES ('9990000034');\n",
            "CREATE TABLE t (a text);\nCOPY t (a) FROM stdin;\n9990000018\n9990000026\n9990000034\n\\.\n",
        ][which % 6];
        let mut at = at.index(sample.len());
        while !sample.is_char_boundary(at) {
            at -= 1;
        }
        let text = format!("{}{damage}{}", &sample[..at], &sample[at..]);
        let seen = Seen::of(text.as_bytes());
        for number in ["9990000018", "9990000026", "9990000034"] {
            prop_assert!(!text.contains(number) || seen.shows(number), "{} {:?}", number, text);
        }
    }
}
