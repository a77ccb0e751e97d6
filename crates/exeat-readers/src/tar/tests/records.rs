//! What extended headers say, record by record; and members whose size is not that
//! of a content.

use super::*;

/// Records of an extended header, each with its length.
pub(super) fn records(all: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, value) in all {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while rest + length.to_string().len() != length {
            length += 1;
        }
        write!(bytes, "{length} {key}=").expect("to memory");
        bytes.extend_from_slice(value);
        bytes.push(b'\n');
    }
    bytes
}

/// One member of which these records say something.
pub(super) fn told(kind: u8, all: &[(&str, &[u8])], content: &[u8]) -> Seen {
    let said = member(kind, b"h", &records(all));
    Seen::of(&ended([said, member(b'0', b"a", content)].concat()))
}

/// Whether the value of a record is among what is read.
fn is_read(key: &str, value: &str) -> bool {
    let seen = told(b'x', &[(key, value.as_bytes())], b"content");
    assert_eq!(seen.uninspected, [], "{key}");
    seen.shows(value) || seen.names.iter().any(|name| name.contains(value))
}

#[test]
fn what_may_be_somebodys_is_read() {
    let number = "9990000018";
    for key in [
        "comment",
        "SCHILY.xattr.user.note",
        "LIBARCHIVE.xattr.user.note",
        "uname",
        "gname",
    ] {
        assert!(is_read(key, number), "{key}");
        assert!(is_read(key, "Amy Example"), "{key}");
    }
    // What is a name is passed on as one.
    for key in ["linkpath", "uname", "gname"] {
        let seen = told(b'x', &[(key, b"letters/Amy Example")], b"content");
        assert!(
            seen.names.iter().any(|one| one.contains("Amy Example")),
            "{key}"
        );
        assert!(!seen.shows("Amy Example"), "{key}");
    }
    let seen = told(b'x', &[("path", b"letters/Amy Example")], b"content");
    assert_eq!(seen.part("letters/Amy Example").text(), "content");
    // Times and numbers are none, unless they are something else.
    for key in [
        "atime",
        "ctime",
        "mtime",
        "uid",
        "gid",
        "SCHILY.ino",
        "LIBARCHIVE.creationtime",
    ] {
        assert!(!is_read(key, "1700000000.123-4"), "{key}");
        assert!(is_read(key, "Amy Example"), "{key}");
        assert!(is_read(key, &"1".repeat(41)), "{key}");
        assert!(!is_read(key, &"1".repeat(40)), "{key}");
    }
    for key in [
        "SCHILY.xattr.security.selinux",
        "LIBARCHIVE.xattr.system.posix",
        "RHT.security.selinux",
    ] {
        assert!(!is_read(key, "unconfined_u:object_r"), "{key}");
    }
    for key in ["hdrcharset", "charset"] {
        for known in ["BINARY", "ISO-IR 10646 2000 UTF-8"] {
            assert!(!is_read(key, known), "{key}");
        }
        assert!(is_read(key, "Amy Example"), "{key}");
    }
}

#[test]
fn the_size_is_the_records() {
    let content = b"for Amy Example";
    let size = content.len().to_string();
    for kind in [b'x', b'g'] {
        let said = member(kind, b"h", &records(&[("size", size.as_bytes())]));
        let mut plain = member(b'0', b"a", b"");
        plain.extend_from_slice(content);
        plain.resize(2 * BLOCK, 0);
        let second = member(b'0', b"b", content);
        let seen = Seen::of(&ended([said, plain, second].concat()));
        assert_eq!(seen.uninspected, []);
        assert_eq!(seen.part("a").content, content);
        assert_eq!(seen.part("b").content, content);
    }
    let seen = told(b'g', &[("path", b"for Amy Example")], b"content");
    assert!(seen.names.iter().any(|name| name.contains("Amy Example")));
    assert_eq!(seen.reason(), Some(Reason::Unsupported));
}

/// A link or a folder has a size in some archives, and content in others.
#[test]
fn a_size_without_a_content() {
    let file = member(b'0', b"b", b"9990000018");
    for (kind, name) in [
        (b'1', "a"),
        (b'2', "a"),
        (b'5', "a"),
        (0, "a/"),
        (b'V', "label"),
    ] {
        let mut header = Header::new_old();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkflag = [kind];
        header.set_size(700);
        header.set_cksum();
        let seen = Seen::of(&ended([header.as_bytes(), &file[..]].concat()));
        assert_eq!(seen.part("b").text(), "9990000018", "{kind}");
        assert_eq!(seen.uninspected, [], "{kind}");
        assert!(seen.names.iter().any(|one| one.contains("a")), "{kind}");
        if kind != b'V' {
            let with = member(kind, name.as_bytes(), b"Amy Example");
            let seen = Seen::of(&ended([with, file.clone()].concat()));
            assert!(
                seen.shows("Amy Example") && seen.shows("9990000018"),
                "{kind}"
            );
        }
    }
    // What is no link is read, whatever it looks like.
    let inner = member(b'0', b"c", b"content");
    let seen = Seen::of(&ended(member(0, b"a", &inner)));
    assert_eq!(seen.part("a!/c").text(), "content");
    // A link with a size at the end of the archive.
    let mut header = Header::from_byte_slice(&member(b'2', b"a", b"")).clone();
    header.set_size(700);
    header.set_cksum();
    let seen = Seen::of(&ended(header.as_bytes().to_vec()));
    assert_eq!(seen.uninspected, []);
    // Names of a folder, told one from the other.
    let seen = Seen::of(&ended(member(b'D', b"a", b"YAmy Example\0NBen\0\0")));
    assert!(seen.shows("YAmy Example\nNBen\n"));
}

#[test]
fn what_is_held_in_memory_has_an_end() {
    let most = vec![b'x'; usize::try_from(MAX_HELD).expect("small")];
    let members = [member(b'L', b"", &most), member(b'0', b"x", b"content")];
    let seen = Seen::of(&ended(members.concat()));
    assert_eq!(seen.reason(), None);
    let cut = &member(b'L', b"", &[b'x'; 2000])[..BLOCK + 1000];
    assert_eq!(Seen::of(cut).reason(), Some(Reason::CutShort));
    // Of two that say what the target is, the first is not lost.
    let links = [
        member(b'K', b"", b"for Amy Example"),
        member(b'K', b"", b"for Ben Sample"),
        member(b'2', b"a", b""),
    ];
    let seen = Seen::of(&ended(links.concat()));
    for name in ["Amy Example", "Ben Sample"] {
        assert!(seen.names.iter().any(|one| one.contains(name)), "{name}");
    }
}

/// Some old programs took the bytes of a header for signed.
#[test]
fn the_sum_of_a_header() {
    let mut header = member(b'0', b"caf\xE9", b"content");
    let signed: i64 = header[..BLOCK]
        .iter()
        .enumerate()
        .map(|(at, &byte)| match at {
            148..156 => i64::from(b' '),
            _ => i64::from(byte.cast_signed()),
        })
        .sum();
    header[148..156].copy_from_slice(format!("{signed:06o}\0 ").as_bytes());
    let first = member(b'0', b"b", b"first");
    let seen = Seen::of(&ended([&first[..], &header].concat()));
    assert_eq!(seen.uninspected, []);
    assert_eq!(seen.parts[1].text(), "content");
    header[148..156].copy_from_slice(format!("{:06o}\0 ", signed + 1).as_bytes());
    let seen = Seen::of(&ended([first, header].concat()));
    assert_eq!(seen.reason(), Some(Reason::Damaged));
}

#[test]
fn what_is_hidden_behind_the_name_of_an_owner() {
    for mut header in [Header::new_ustar(), Header::new_gnu()] {
        header.as_old_mut().name[0] = b'a';
        header.set_size(0);
        let is_gnu = header.as_gnu().is_some();
        let field = match header.as_ustar_mut() {
            Some(ustar) => &mut ustar.uname,
            None => &mut header.as_gnu_mut().expect("GNU").uname,
        };
        field[..8].copy_from_slice(b"amy\0Ben?");
        header.set_cksum();
        let seen = Seen::of(&ended(header.as_bytes().to_vec()));
        assert_eq!(seen.reason(), Some(Reason::Unaccounted), "{is_gnu}");
    }
}
