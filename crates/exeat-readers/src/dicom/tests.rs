use crate::seen::{Seen, no_flip_is_a_fault};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../samples/dicom/", $name))
    };
}

/// The value of a column in the row of a file.
fn value(seen: &Seen, column: &str) -> Option<String> {
    let table = seen.parts.iter().find(|part| part.columns.is_some())?;
    let columns = table.columns.as_ref()?;
    let at = columns.iter().position(|name| name == column)?;
    // The values of the samples have commas in quotes alone.
    let text = table.text();
    let mut cells = Vec::new();
    let (mut cell, mut quoted) = (String::new(), false);
    for letter in text.trim_end().chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(letter),
        }
    }
    cells.push(cell);
    cells.get(at).cloned()
}

#[test]
fn a_patient_is_a_row_however_the_file_is_written() {
    for bytes in [
        &sample!("explicit.dcm")[..],
        sample!("implicit.dcm"),
        sample!("big.dcm"),
        sample!("deflated.dcm"),
        sample!("jpeg.dcm"),
    ] {
        let seen = Seen::of(bytes);
        assert_eq!(seen.uninspected, [], "{:?}", seen.parts);
        for (column, expected) in [
            ("patient_surname", "Ashbury"),
            ("patient_forename", "Agnes"),
            ("PatientName", "Ms Agnes Ashbury"),
            ("nhs_number", "9990000018"),
            ("PatientBirthDate", "1970-02-01"),
            ("PatientAddress", "1 Test Street, Leeds"),
            ("PatientTelephoneNumbers", "07700 900123"),
            ("ReferringPhysicianName", "Dr Bert Birch"),
            ("PatientComments", "Known asthma"),
        ] {
            assert_eq!(
                value(&seen, column).as_deref(),
                Some(expected),
                "{:?}",
                seen.parts
            );
        }
        assert!(seen.shows("NHS number: 9990000026"));
        assert!(seen.shows("Private words about Cora Copse"));
        assert_eq!(seen.images.len(), 1);
        assert_eq!((seen.images[0].1.width, seen.images[0].1.height), (40, 30));
    }
}

#[test]
fn reports_documents_and_directories_are_read() {
    let seen = Seen::of(sample!("report.dcm"));
    assert!(seen.shows("Finding: No sign of harm"), "{:?}", seen.parts);
    assert!(seen.shows("Observer: Cora Copse"));
    assert_eq!(seen.uninspected, []);
    let seen = Seen::of(sample!("document.dcm"));
    assert_eq!(seen.uninspected, [], "{:?}", seen.parts);
    assert!(
        seen.part("Letter")
            .text()
            .contains("NHS number:  999 000 0018")
    );
    let seen = Seen::of(sample!("DICOMDIR"));
    let patients = seen.part("patients");
    assert!(patients.text().contains("Bert Birch") && patients.text().contains("9990000026"));
    assert!(seen.shows("CT of"));
    assert_eq!(seen.uninspected, []);
}

#[test]
fn a_file_that_is_cut_short_is_never_clean() {
    for bytes in [
        &sample!("explicit.dcm")[..],
        sample!("implicit.dcm"),
        sample!("deflated.dcm"),
        sample!("jpeg.dcm"),
    ] {
        for length in (132..bytes.len()).step_by(3) {
            let seen = Seen::of(&bytes[..length]);
            // Where it ends between two elements before its image is named,
            // nothing says that there was one.
            let is_whole_so_far = seen.uninspected.is_empty();
            assert!(
                !is_whole_so_far || length < 1100,
                "{length} of {}",
                bytes.len()
            );
        }
    }
}

#[test]
fn no_byte_breaks_the_reader() {
    for bytes in [
        &sample!("report.dcm")[..],
        sample!("implicit.dcm"),
        sample!("jpeg.dcm"),
    ] {
        no_flip_is_a_fault(bytes, 128..bytes.len(), &[0x01, 0xFF]);
    }
}
