//! Requests and answers as documents, and the digest of content.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use super::*;
use crate::inspect::{InspectOptions, inspect};
use crate::manifest::{Content, Standing};
use crate::progress::Silent;
use crate::source::{ListOptions, Source};

fn at(hour: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
    start + SignedDuration::from_hours(hour)
}

fn request(key: &SigningKey) -> ReleaseRequest {
    ReleaseRequest {
        created: at(0),
        expires: at(24),
        facts: Some(Facts::default()),
        findings: Vec::new(),
        id: RequestId::generate(),
        label: None,
        policy_sha256: Digest::of(b"floor"),
        purpose: "audit".into(),
        recipients: vec![NamedKey {
            key: "age1a".into(),
            name: None,
        }],
        requester: RequestedBy {
            name: Some("eve".into()),
            user: 1000,
        },
        scope: Scope::Content(Content {
            bytes: 1,
            entries: 1,
            sha256: Digest::of(b"x"),
        }),
        signer: key.public().fingerprint(),
    }
}

fn standing(key: &SigningKey) -> ReleaseRequest {
    ReleaseRequest {
        facts: None,
        label: Some("nightly".into()),
        scope: Scope::Standing(Standing {
            ceiling: 5,
            destination: "/srv/backup".into(),
            profile: "nightly".into(),
            sources: vec!["/srv/a".into(), "/srv/b".into()],
        }),
        ..request(key)
    }
}

type Edit = fn(&mut ReleaseRequest);

/// As somebody would who does not keep to the format.
fn signed_anyway(request: ReleaseRequest, key: &SigningKey) -> Result<(), &'static str> {
    let signed = Signed::sign(request, key).expect("signs");
    let read = ReleaseRequest::read(&signed.to_bytes());
    read.map(drop).map_err(|error| error.code())
}

fn yes(expires: Option<Timestamp>) -> Answer {
    Answer {
        verdict: Verdict::Approve,
        why: None,
        created: at(1),
        expires,
    }
}

#[test]
fn a_request_is_read_as_it_was_signed() {
    let key = SigningKey::generate("eve");
    for asked in [request(&key), standing(&key)] {
        let signed = asked.clone().sign(&key).expect("signs");
        let read = ReleaseRequest::read(&signed.to_bytes()).expect("reads");
        assert_eq!(read.statement(), &asked);
    }
    assert_eq!(signed_anyway(request(&key), &key), Ok(()));
}

#[test]
fn a_request_that_contradicts_itself_is_neither_signed_nor_read() {
    let key = SigningKey::generate("eve");
    let edits: [Edit; 9] = [
        |r| r.purpose = "two\nlines".into(),
        |r| r.purpose = String::new(),
        |r| r.label = Some("\u{1b}[2J".into()),
        |r| r.requester.name = Some(" eve".into()),
        |r| r.recipients.clear(),
        |r| r.facts = None,
        |r| r.expires = r.created,
        |r| r.expires = at(91 * 24),
        |r| r.signer = SigningKey::generate("other").public().fingerprint(),
    ];
    for (number, edit) in edits.iter().enumerate() {
        let mut bad = request(&key);
        edit(&mut bad);
        assert!(bad.clone().sign(&key).is_err(), "edit {number}");
        let read = signed_anyway(bad, &key);
        assert_eq!(read, Err("statement-contradictory"), "edit {number}");
    }
    let edits: [(&str, Edit); 5] = [
        ("statement-contradictory", |r| {
            r.facts = Some(Facts::default())
        }),
        ("statement-contradictory", |r| {
            r.label = Some("weekly".into())
        }),
        ("statement-contradictory", |r| r.label = None),
        ("statement-contradictory", |r| r.expires = at(401 * 24)),
        ("request-paths", |r| {
            if let Scope::Standing(standing) = &mut r.scope {
                standing.sources = vec!["/".repeat(5000)];
            }
        }),
    ];
    for (number, (code, edit)) in edits.iter().enumerate() {
        let mut bad = standing(&key);
        edit(&mut bad);
        assert_eq!(signed_anyway(bad, &key), Err(*code), "edit {number}");
    }
    let mut long = standing(&key);
    long.expires = at(400 * 24);
    assert!(long.sign(&key).is_ok());
}

#[test]
fn an_answer_says_what_was_asked() {
    let (key, ada) = (SigningKey::generate("eve"), SigningKey::generate("ada"));
    let asked = request(&key).sign(&key).expect("signs");
    let given = answer(&asked, yes(None), &ada).expect("signs");
    let read = Signed::<Approval>::from_bytes(&given.to_bytes()).expect("reads");
    let said = read.statement();
    assert_eq!(said.request_sha256, asked.sha256());
    assert_eq!((said.created, said.expires), (at(1), at(24)));
    assert_eq!(said.signer, key.public().fingerprint());
    assert_eq!(read.fingerprint(), ada.public().fingerprint());
    assert_eq!(said.recipients_sha256, Digest::of(b"age1a\n"));
}

#[test]
fn some_requests_are_not_answered() {
    let (key, ada) = (SigningKey::generate("eve"), SigningKey::generate("ada"));
    let asked = request(&key).sign(&key).expect("signs");
    let code = |answer_: Answer, by: &SigningKey| {
        answer(&asked, answer_, by)
            .map(drop)
            .map_err(|error| error.code())
    };
    assert_eq!(code(yes(None), &key), Err("approval-by-requester"));
    // To take it back is another thing.
    let no = Answer {
        verdict: Verdict::Reject,
        ..yes(None)
    };
    assert_eq!(code(no, &key), Ok(()));
    assert_eq!(code(yes(Some(at(25))), &ada), Err("expiry"));
    assert_eq!(code(yes(Some(at(1))), &ada), Err("expiry"));
    assert_eq!(code(yes(Some(at(2))), &ada), Ok(()));
    let when = |created| Answer {
        created,
        ..yes(None)
    };
    assert_eq!(code(when(at(24)), &ada), Err("request-expired"));
    assert_eq!(code(when(at(-1)), &ada), Err("request-not-yet"));
}

#[test]
fn a_release_takes_a_few_approvals() {
    let (key, ada) = (SigningKey::generate("eve"), SigningKey::generate("ada"));
    let asked = request(&key).sign(&key).expect("signs");
    let given = answer(&asked, yes(None), &ada).expect("signs");
    assert!(Approvals::new(vec![given.clone(); MAX_APPROVALS]).is_ok());
    let many = Approvals::new(vec![given.clone(); MAX_APPROVALS + 1]);
    assert_eq!(many.expect_err("too many").code(), "approvals-too-many");
    let long = Answer {
        why: Some("w".repeat(1000).parse().expect("a note")),
        ..yes(None)
    };
    let long = answer(&asked, long, &ada).expect("signs");
    assert!(Approvals::new(vec![long; MAX_APPROVALS]).is_err());
}

/// The bytes that the manual says are hashed.
#[test]
fn content_has_the_digest_of_its_lines() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let tree = dir.path().join("tree");
    fs::create_dir(&tree).expect("made");
    fs::write(tree.join("a"), "abc").expect("written");
    fs::write(tree.join("é \"q\""), "").expect("written");
    fs::write(tree.join(OsStr::from_bytes(b"\xff")), "abc").expect("written");
    symlink("a", tree.join("l")).expect("made");
    let source = Source::open(&[&tree]).expect("opens");
    let listing = source
        .list(&ListOptions::default(), &Silent)
        .expect("lists");
    let inspected =
        inspect(&source, &listing, InspectOptions::default(), &Silent).expect("inspects");
    let content = content_of(&listing, &inspected).expect("all of it");
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let lines = format!(
        "{{\"bytes\":0,\"path\":\"tree\",\"type\":\"directory\"}}\n\
         {{\"bytes\":3,\"path\":\"tree/a\",\"sha256\":\"{abc}\",\"type\":\"file\"}}\n\
         {{\"bytes\":0,\"path\":\"tree/l\",\"target\":\"a\",\"type\":\"symlink\"}}\n\
         {{\"bytes\":0,\"path\":\"tree/é \\\"q\\\"\",\"sha256\":\"{none}\",\"type\":\"file\"}}\n\
         {{\"bytes\":3,\"path_hex\":\"747265652fff\",\"sha256\":\"{abc}\",\"type\":\"file\"}}\n"
    );
    assert_eq!((content.bytes, content.entries), (6, 5));
    assert_eq!(content.sha256, Digest::of(lines.as_bytes()));
    assert_eq!(
        content.sha256.to_string(),
        "84f174d5adede3a5bbf0672be678e4c6aa4c13c91c8da3adc0a117a3f560f9e6"
    );
    // Where it lies, every link resolved.
    let real = tree.canonicalize().expect("resolves");
    assert_eq!(listing.places(), Some(&[real.display().to_string()][..]));
    let other = source
        .list(&ListOptions::default(), &Silent)
        .expect("lists");
    assert_eq!(content_of(&other, &inspected), None);
}
