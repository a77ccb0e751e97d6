//! Whoever vouches for a package has seen what is in it.

use super::*;
use crate::approval::content_in;
use crate::diagnostic::{Explain as _, Fault};
use crate::manifest::{
    Approval, NamedApproval, RequestId, RequestedBy, Scope, Standing, Verdict, recipients_sha256,
};
use crate::statement::Signed;

type Edit = fn(&mut Approval);

/// As an approver signs it who has seen the package of `case`.
fn genuine(case: &Case) -> Approval {
    let unlocked = case.unlocked().expect("good");
    let inventory = unlocked.inventory();
    Approval {
        created: Timestamp::UNIX_EPOCH,
        expires: Timestamp::MAX,
        purpose: "audit".into(),
        recipients_sha256: recipients_sha256(&inventory.header().recipients),
        request: RequestId::generate(),
        request_sha256: Digest::of(b"request"),
        requester: RequestedBy {
            name: None,
            user: 1000,
        },
        scope: Scope::Content(content_in(inventory).expect("one volume")),
        signer: case.sender.public().fingerprint(),
        verdict: Verdict::Approve,
        why: None,
    }
}

/// What a reader makes of a package for that purpose with these in its header.
fn read(case: &Case, approvals: &[Approval]) -> Result<bool, VerifyError> {
    case.with_header(|header| {
        header.purpose = Some("audit".into());
        header.label = Some("nightly".into());
        let signed = approvals.iter().map(|approval| {
            let key = SigningKey::generate("ada");
            let signed = Signed::sign(approval.clone(), &key).expect("signs");
            NamedApproval::new("ada", &signed)
        });
        header.approvals = signed.collect();
    });
    let unlocked = case.unlocked()?;
    unlocked.verify_contents(None, &Silent)?;
    Ok(unlocked.is_approved_content())
}

#[test]
fn those_of_the_package_are_read() {
    let case = Case::new();
    assert!(!read(&case, &[]).expect("good"));
    let case = Case::new();
    let one = genuine(&case);
    assert!(read(&case, &[one.clone(), one]).expect("good"));
    // Of places; what is in them was not known.
    let case = Case::new();
    let mut standing = genuine(&case);
    standing.scope = places("nightly");
    assert!(!read(&case, &[standing]).expect("good"));
}

fn places(profile: &str) -> Scope {
    Scope::Standing(Standing {
        ceiling: 5,
        destination: "/backup".into(),
        profile: profile.into(),
        sources: vec!["/srv".into()],
    })
}

#[test]
fn those_of_something_else_are_refused() {
    let edits: [(Edit, &str); 6] = [
        (|a| a.verdict = Verdict::Reject, "it is a rejection"),
        (
            |a| a.signer = SigningKey::generate("other").public().fingerprint(),
            "it is for packages signed by SHA256:",
        ),
        (|a| a.purpose = "curiosity".into(), "another purpose"),
        (
            |a| a.recipients_sha256 = Digest::of(b"others"),
            "other recipients",
        ),
        (|a| a.request = RequestId::generate(), "another request"),
        (|a| a.scope = places("weekly"), "with another label"),
    ];
    for (edit, words) in edits {
        let case = Case::new();
        let good = genuine(&case);
        let mut other = good.clone();
        edit(&mut other);
        is_foreign(read(&case, &[good, other]), words);
    }
}

/// One that somebody did sign, with everything else as it should be.
#[test]
fn a_genuine_one_of_other_content_is_refused() {
    let case = Case::new();
    let mut other = genuine(&case);
    let Scope::Content(content) = &mut other.scope else {
        panic!("made of content");
    };
    content.sha256 = Digest::of(b"another package");
    is_foreign(read(&case, &[other]), "it is for other content");
    let (case, elsewhere) = (Case::new(), Case::new());
    let theirs = genuine(&elsewhere);
    is_foreign(read(&case, &[theirs]), "it is for packages signed by");
}

#[track_caller]
fn is_foreign(read: Result<bool, VerifyError>, words: &str) {
    let error = read.expect_err("contradictory");
    assert_eq!(error.code(), "approval-foreign");
    assert_eq!(error.fault(), Fault::Package);
    assert!(error.to_string().contains(words), "{error}");
}
