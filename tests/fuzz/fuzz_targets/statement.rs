#![no_main]
//! What somebody signs: checkpoints, approvals, requests, receipts, records of
//! removal. With the right signature over any text, what is taken is in its one
//! form; over another kind nothing is.

use exeat_core::approval::ReleaseRequest;
use exeat_core::backup::PruneRecord;
use exeat_core::manifest::{Approval, Checkpoint};
use exeat_core::receipt::Receipt;
use exeat_core::statement::{Document, Signed, Statement};
use exeat_fuzz::{Input, SIGNER};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let choice = input.byte();
    match choice % 8 {
        0 => signed::<Checkpoint>(input.rest()),
        1 => signed::<Approval>(input.rest()),
        2 => signed::<ReleaseRequest>(input.rest()),
        3 => signed::<Receipt>(input.rest()),
        4 => signed::<PruneRecord>(input.rest()),
        _ => any(input.rest()),
    }
});

fn signed<S: Statement>(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    // Where it is none at all a signature would be made for nothing.
    if serde_json::from_str::<S>(text).is_ok() {
        let signature = SIGNER.sign(S::NAMESPACE, text.as_bytes()).expect("a key");
        let document = Document::of::<S>(text.to_owned(), signature);
        let Ok(signed) = document.check::<S>() else {
            return;
        };
        assert_eq!(signed.text(), text);
        assert_eq!(signed.key(), &SIGNER.public());
        assert!(signed.statement().check().is_ok());
        let bytes = signed.to_bytes();
        if bytes.len() <= S::MAX_BYTES {
            let again = Signed::<S>::from_bytes(&bytes).expect("as it is written");
            assert_eq!(again.text(), text);
            // One kind is never another.
            assert!(S::FORMAT == Receipt::FORMAT || Signed::<Receipt>::from_bytes(&bytes).is_err());
            assert!(
                S::FORMAT == Approval::FORMAT || Signed::<Approval>::from_bytes(&bytes).is_err()
            );
        }
    }
}

fn any(bytes: &[u8]) {
    let _ = Signed::<Checkpoint>::from_bytes(bytes);
    let _ = Signed::<Approval>::from_bytes(bytes);
    let _ = Signed::<Receipt>::from_bytes(bytes);
    let _ = Signed::<PruneRecord>::from_bytes(bytes);
    let _ = ReleaseRequest::read(bytes);
}
