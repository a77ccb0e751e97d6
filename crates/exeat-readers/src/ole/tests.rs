use exeat_core::inspect::reader::Reason;

use crate::seen::{Seen, no_flip_is_a_fault};

#[test]
fn encrypted_and_old_documents_are_said_to_be_so() {
    let seen = Seen::of(include_bytes!("../../samples/office/agile.xlsx"));
    assert_eq!(seen.reason(), Some(Reason::Encrypted));
    assert_eq!(seen.weak, [] as [String; 0]);
    let seen = Seen::of(include_bytes!("../../samples/office/libreoffice.doc"));
    assert_eq!(seen.reason(), Some(Reason::LegacyDocument));
    assert!(seen.shows("Dear Amy Example"));
}

#[test]
fn a_cut_workbook_is_never_silently_clean() {
    let sample = include_bytes!("../../samples/office/xlwt.xls");
    for length in (8..sample.len()).step_by(61) {
        assert!(Seen::of(&sample[..length]).reason().is_some(), "{length}");
    }
}

#[test]
fn a_flipped_byte_is_survived() {
    let sample = include_bytes!("../../samples/office/xlwt.xls");
    no_flip_is_a_fault(sample, 8..sample.len(), &[0x55]);
}

#[test]
fn a_workbook_with_a_password_is_weakly_protected() {
    let mut sample = include_bytes!("../../samples/office/xlwt.xls").to_vec();
    // The record after the first one's 20 bytes becomes that of a password.
    let at = memchr::memmem::find(&sample, b"\x09\x08\x10\x00").expect("a workbook");
    sample[at + 20] = 0x2F;
    sample[at + 21] = 0;
    let seen = Seen::of(&sample);
    assert_eq!(seen.reason(), Some(Reason::WeaklyProtected));
    assert_eq!(seen.weak.len(), 1);
}
