//! Members with holes, in every way in which they are told of.

use super::records::told;
use super::*;

/// Two ways in which GNU tar told of holes before it put the map beside the content.
#[test]
fn holes_that_records_tell_of() {
    let old: &[(&str, &[u8])] = &[
        ("GNU.sparse.size", b"20"),
        ("GNU.sparse.numblocks", b"2"),
        ("GNU.sparse.offset", b"0"),
        ("GNU.sparse.numbytes", b"3"),
        ("GNU.sparse.offset", b"10"),
        ("GNU.sparse.numbytes", b"4"),
    ];
    let later: &[(&str, &[u8])] = &[
        ("GNU.sparse.name", b"holes"),
        ("GNU.sparse.size", b"20"),
        ("GNU.sparse.map", b"0,3,10,4"),
    ];
    for (name, all) in [("a", old), ("holes", later)] {
        let seen = told(b'x', all, b"AmyBen?");
        let mut expected = [0; 20];
        expected[..3].copy_from_slice(b"Amy");
        expected[10..14].copy_from_slice(b"Ben?");
        assert_eq!(seen.part(name).content, expected);
        assert_eq!(seen.uninspected, []);
    }
    let odd: &[(&str, &[u8])] = &[("GNU.sparse.size", b"Amy Example")];
    assert!(told(b'x', odd, b"content").shows("Amy Example"));
    let odd: &[(&str, &[u8])] = &[("GNU.sparse.map", b"0,x")];
    assert_eq!(told(b'x', odd, b"content").reason(), Some(Reason::Damaged));
}

/// A piece is read up to its end, and no further, however much is wanted at once.
#[test]
fn every_piece_is_where_it_belongs() {
    let all: &[(&str, &[u8])] = &[
        ("GNU.sparse.size", b"25"),
        ("GNU.sparse.map", b"0,3,10,3,20,3"),
    ];
    let seen = told(b'x', all, b"AmyBenCat");
    let expected = b"Amy\0\0\0\0\0\0\0Ben\0\0\0\0\0\0\0Cat\0\0";
    assert_eq!(seen.part("a").content, expected);
    // One that is not all there is said, though the member is as long as it says.
    let seen = told(b'x', all, b"AmyBen");
    assert!(seen.reason().is_some(), "{:?}", seen.parts);
}

/// Nothing but a hole.
#[test]
fn a_member_of_one_hole() {
    let mut header = Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().expect("GNU");
    gnu.name[..5].copy_from_slice(b"empty");
    gnu.realsize.copy_from_slice(b"00000000024\0");
    header.set_cksum();
    let file = member(b'0', b"b", b"content");
    let seen = Seen::of(&ended([header.as_bytes(), &file[..]].concat()));
    assert_eq!(seen.uninspected, []);
    assert_eq!(seen.part("empty").content, [0; 20]);
    assert_eq!(seen.part("b").text(), "content");
}

/// A map before the content, as `tar --posix --sparse` writes it.
fn mapped_inside(map: &str, content: &[u8]) -> Seen {
    let mut bytes = map.as_bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes.extend_from_slice(content);
    let all: &[(&str, &[u8])] = &[
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.realsize", b"8"),
    ];
    told(b'x', all, &bytes)
}

#[test]
fn the_most_pieces_are_read_and_no_more() {
    let pairs = |count| vec!["0,0"; count].join(",");
    let beside = |count| {
        let map = pairs(count);
        let all: &[(&str, &[u8])] = &[
            ("GNU.sparse.size", b"8"),
            ("GNU.sparse.map", map.as_bytes()),
        ];
        told(b'x', all, b"")
    };
    let inside =
        |count: usize| mapped_inside(&format!("{count}\n{}", "0\n".repeat(2 * count)), b"");
    for seen in [beside(100_000), inside(100_000)] {
        assert_eq!(seen.uninspected, []);
        assert_eq!(seen.part("a").content, [0; 8]);
    }
    for seen in [beside(100_001), inside(100_001)] {
        assert_eq!(seen.reason(), Some(Reason::TooMany));
    }
    // Without looking for them first.
    let seen = mapped_inside("1000000000000000000\n", b"");
    assert_eq!(seen.reason(), Some(Reason::TooMany));
    let seen = mapped_inside("1\n2\n3\n", b"Amy");
    assert_eq!(seen.part("a").content, b"\0\0Amy\0\0\0");
    for map in ["x\n", "1\n2\n", "-1\n", "1\n6\n3\n", "0"] {
        let seen = mapped_inside(map, b"");
        assert_eq!(seen.reason(), Some(Reason::Damaged), "{map:?}");
    }
}

/// An image of a disk: what would be larger than 256 MiB has its holes cut to 64 KiB
/// each, and pieces without a hole between them stay together.
#[test]
fn long_holes_are_cut_and_short_ones_are_not() {
    let all: &[(&str, &[u8])] = &[
        ("GNU.sparse.size", b"400000008"),
        ("GNU.sparse.map", b"5,3,8,3,15,3,400000000,3"),
    ];
    let seen = told(b'x', all, b"AmyBenCatDee");
    assert_eq!(seen.uninspected, []);
    let mut expected = b"\0\0\0\0\0AmyBen\0\0\0\0Cat".to_vec();
    expected.resize(expected.len() + (64 << 10), 0);
    expected.extend_from_slice(b"Dee\0\0\0\0\0");
    assert!(seen.part("a").content == expected);
}

#[test]
fn a_member_that_is_mostly_holes_does_not_end_the_archive() {
    let mut header = Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(24);
    let gnu = header.as_gnu_mut().expect("GNU");
    gnu.name[..4].copy_from_slice(b"disk");
    gnu.realsize.copy_from_slice(b"77777777777\0");
    for (piece, place) in gnu
        .sparse
        .iter_mut()
        .zip([b"00000000000\0", b"50000000000\0"])
    {
        piece.offset.copy_from_slice(place);
        piece.numbytes.copy_from_slice(b"00000000014\0");
    }
    header.set_cksum();
    let mut content = b"Amy Example\nBen Sample\n\n".to_vec();
    content.resize(BLOCK, 0);
    let archive = [
        header.as_bytes(),
        &content[..],
        &member(b'0', b"a", b"9990000018"),
    ]
    .concat();
    let seen = Seen::of(&ended(archive));
    assert_eq!(seen.uninspected, []);
    let disk = &seen.part("disk").content;
    assert!(disk.starts_with(b"Amy Example\n\0") && disk.len() < 1 << 20);
    assert!(seen.part("disk").text().contains("\0Ben Sample\n\n\0"));
    assert_eq!(seen.part("a").text(), "9990000018");
}
