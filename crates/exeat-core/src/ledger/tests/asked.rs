//! Requests and answers on record, and what they decide.

use super::*;
use crate::approval::{Answer, ReleaseRequest, answer};
use crate::decide::Past;
use crate::manifest::{Content, RequestId, RequestedBy, Scope, Verdict};
use crate::signature::SigningKey;
use crate::statement::Signed;

fn request(key: &SigningKey) -> Signed<ReleaseRequest> {
    let request = ReleaseRequest {
        created: at(0),
        expires: at(DAY),
        facts: Some(Facts::default()),
        findings: Vec::new(),
        id: RequestId::generate(),
        label: None,
        policy_sha256: Digest::of(b"floor"),
        purpose: "audit".into(),
        recipients: vec![key_of(1)],
        requester: RequestedBy {
            name: None,
            user: 7,
        },
        scope: Scope::Content(Content {
            bytes: 1,
            entries: 1,
            sha256: Digest::of(b"x"),
        }),
        signer: key.public().fingerprint(),
    };
    request.sign(key).expect("signs")
}

/// A recipient; of the second the key is too long to be recorded.
fn key_of(number: usize) -> NamedKey {
    NamedKey {
        key: format!("age1{}", "x".repeat(number * 100)),
        name: None,
    }
}

fn say(asked: &Signed<ReleaseRequest>, verdict: Verdict) -> Signed<crate::manifest::Approval> {
    let said = Answer {
        verdict,
        why: Some("because".parse().expect("a note")),
        created: at(0),
        expires: None,
    };
    answer(asked, said, &SigningKey::generate("ada")).expect("signs")
}

fn past(ledger: &Ledger, id: RequestId) -> Option<Past> {
    let account = ledger.account(&[]).expect("in order");
    account.requests.get(&id).cloned()
}

#[test]
fn what_became_of_a_request_is_known() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let asked = request(&SigningKey::generate("eve"));
    let id = asked.statement().id;
    let (eve, by) = (decide::Requester::of(7), decide::Requester::of(8));
    let locked = || ledger.lock().expect("free");
    locked().ask(&asked, &eve).expect("recorded");
    let approval = say(&asked, Verdict::Approve);
    locked().answer(&approval, &by).expect("recorded");
    assert_eq!(past(&ledger, id), None);
    let release = || {
        let export = Export {
            request: Some(id),
            ..export(7, Form::Encrypted)
        };
        ledger.record_intent(&export, &found(3)).expect("recorded")
    };
    let released = |releases| {
        Some(Past {
            releases,
            ..Past::default()
        })
    };
    // What failed may be tried again.
    release().failed("no-space").expect("recorded");
    assert_eq!(past(&ledger, id), None);
    let open = release();
    assert_eq!(past(&ledger, id), released(1));
    open.delivered(1, None).expect("recorded");
    drop(release());
    assert_eq!(past(&ledger, id), released(2));
    let no = say(&asked, Verdict::Reject);
    locked().answer(&no, &by).expect("recorded");
    assert_eq!(past(&ledger, id).map(|past| past.is_rejected), Some(true));
    ledger.check().expect("in order");
    let text = text(&path);
    for expected in [
        "\"kind\":\"request\"",
        "\"kind\":\"approval\"",
        "\"why\":\"because\"",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn the_keys_of_the_account_that_asks_are_known() {
    let key = SigningKey::generate("eve");
    // By number and whether anybody may have it: who asks, and who answers.
    for (asks, answers, is_own) in [
        ((7, false), (7, false), true),
        ((7, false), (8, false), false),
        ((7, true), (7, false), false),
        ((7, false), (7, true), false),
    ] {
        let (_folder, path) = folder();
        let ledger = open(&path);
        let account = |(user, is_mapped)| decide::Requester {
            is_mapped,
            ..decide::Requester::of(user)
        };
        let (asked, other) = (request(&key), request(&key));
        let approval = say(&asked, Verdict::Approve);
        let locked = || ledger.lock().expect("free");
        // The order does not matter.
        locked()
            .answer(&approval, &account(answers))
            .expect("recorded");
        for asked in [&asked, &other] {
            locked().ask(asked, &account(asks)).expect("recorded");
        }
        let own = past(&ledger, asked.statement().id).map(|past| past.own_keys);
        let key = approval.fingerprint().to_string();
        assert_eq!(own, is_own.then(|| [key].into()), "{asks:?} {answers:?}");
        assert_eq!(past(&ledger, other.statement().id), None);
    }
}

#[test]
fn what_somebody_holds_is_a_sum() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let send = |to: &[usize], form, most| {
        let export = Export {
            recipients: to.iter().map(|&number| key_of(number)).collect(),
            ..export(7, form)
        };
        ledger
            .record_intent(&export, &found(most))
            .expect("recorded")
    };
    let first = send(&[1], Form::Encrypted, 3);
    let (id, intent) = (first.id(), first.sequence());
    first.delivered(1, None).expect("recorded");
    // To say later that nothing has left does not bring it back.
    let failed = Outcome {
        bytes: None,
        checkpoint: None,
        code: Some("no-space".into()),
        ending: Ending::Failed,
        id,
        intent,
        manifest_sha256: None,
    };
    let locked = ledger.lock().expect("free").append(Entry {
        outcome: Some(failed),
        ..Entry::blank(Kind::Outcome)
    });
    locked.expect("recorded");
    drop(send(&[1, 1, 2], Form::Encrypted, 4));
    send(&[1], Form::Encrypted, 50)
        .failed("no-space")
        .expect("recorded");
    drop(send(&[1], Form::Plaintext, 60));
    let asked = request(&SigningKey::generate("eve"));
    let id = asked.statement().id;
    let all = [key_of(2), key_of(1), key_of(3)];
    let held = holdings(&path, id, &all).expect("in order");
    assert!(!held.has_request);
    let counts: Vec<_> = held
        .sums
        .iter()
        .map(|sum| (sum.exports, sum.people))
        .collect();
    assert_eq!(counts, [(1, 4), (2, 7), (0, 0)]);
    let eve = decide::Requester::of(7);
    let recorded = ledger.lock().expect("free").ask(&asked, &eve);
    recorded.expect("recorded");
    assert!(holdings(&path, id, &[]).expect("in order").has_request);
    let nowhere = holdings(&path.with_extension("none"), id, &[key_of(1)]).expect("nothing");
    assert_eq!(nowhere.sums, [Sum::default()]);
    assert!(!nowhere.has_request);
}
