//! Which ids are of the person whom a record is about, the same in all tables
//! of an export.
//!
//! Stricter than [`Role::LocalId`](super::Role::LocalId), under which two
//! records with one id need not be of one person: a consultant's number stands
//! in the records of all patients, a client may be a firm, a study has many
//! participants, a user wrote the record, and members of a family share an
//! account. Counting by such an id would show fewer people than there are, so
//! a name is a link only if every word of it is accounted for.

use super::{UNKNOWN, segment, written_words};

/// A column that links the records of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Link {
    /// Of several in a table the one of the smallest rank is used.
    pub(crate) rank: u8,
    /// The same for all ways of writing the same name.
    pub(crate) name: String,
}

/// What a column's name says, or a path's last keys: the others say where it
/// stands, and whether it is of somebody beside the person.
pub(crate) fn link(header: &[u8]) -> Option<Link> {
    const DEEPEST: u8 = 15;
    if is_of_another(header) {
        return None;
    }
    let mut keys = header.rsplit(|&byte| byte == b'.');
    let last = keys.next().unwrap_or_default();
    let two = keys.next().map_or(header, |before| {
        let length = before.len() + 1 + last.len();
        header.get(header.len() - length..).unwrap_or(header)
    });
    let (rank, name) = [last, two, header].into_iter().find_map(judge)?;
    let depth = header.iter().filter(|&&byte| byte == b'.').count();
    let depth = u8::try_from(depth).unwrap_or(DEEPEST).min(DEEPEST);
    let rank = rank * (DEEPEST + 1) + depth;
    Some(Link { rank, name })
}

/// Whether a name speaks of somebody beside the person whom a record is about.
pub(crate) fn is_of_another(header: &[u8]) -> bool {
    const BESIDE: &[&str] = &[
        "author",
        "carer",
        "clinician",
        "consultant",
        "contact",
        "doctor",
        "donor",
        "father",
        "gp",
        "guardian",
        "kin",
        "mother",
        "next",
        "nurse",
        "owner",
        "parent",
        "partner",
        "physician",
        "practitioner",
        "prescriber",
        "spouse",
        "staff",
        "surgeon",
        "teacher",
    ];
    written_words(header)
        .iter()
        .any(|word| BESIDE.contains(word))
}

fn judge(name: &[u8]) -> Option<(u8, String)> {
    const LONGEST: usize = 60;
    if name.len() > LONGEST {
        return None;
    }
    let flat: Vec<u8> = name
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_lowercase)
        .collect();
    let words = segment(&flat).unwrap_or_else(|| written_words(name));
    if words.is_empty() || words.contains(&UNKNOWN) {
        return None;
    }
    let rank = rank(&words)?;
    Some((rank, words.iter().map(|word| same(word)).collect()))
}

const NUMBER: &[&str] = &["id", "identifier", "no", "nbr", "num", "number"];

fn rank(words: &[&str]) -> Option<u8> {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let only = |lists: &[&[&str]]| {
        words
            .iter()
            .all(|word| lists.iter().any(|list| list.contains(word)))
    };
    let numbered = has(NUMBER);
    // A number alone, or a count: `people no`.
    let plural = has(&["patients", "people", "persons"]);
    let with_id = has(&["id", "identifier"]);
    const PATIENT: &[&str] = &["patient", "patients", "person", "persons", "people"];
    const AROUND: &[&str] = &["code", "local", "ref", "reference"];
    let named = numbered || has(AROUND);
    if has(PATIENT) && named && (!plural || with_id) && only(&[PATIENT, NUMBER, AROUND]) {
        return Some(0);
    }
    // By names that nothing else has.
    const OWN: &[&str] = &[
        "empi", "hesid", "lpi", "mrn", "patid", "ptid", "subjid", "usubjid",
    ];
    if has(OWN) && only(&[OWN, PATIENT, NUMBER, &["hospital", "local"]]) {
        return Some(1);
    }
    let hospital = ["no", "num", "number"]
        .iter()
        .any(|number| words.windows(2).any(|pair| pair == ["hospital", number]));
    if hospital && only(&[&["hospital"], PATIENT, NUMBER]) {
        return Some(1);
    }
    if has(&["pas"]) && numbered && only(&[&["pas"], PATIENT, NUMBER]) {
        return Some(1);
    }
    let record = words.windows(2).any(|pair| pair == ["medical", "record"]);
    if record && numbered && only(&[&["medical", "record"], &["hospital"], PATIENT, NUMBER]) {
        return Some(1);
    }
    const OTHERS: &[&str] = &[
        "baby",
        "child",
        "citizen",
        "individual",
        "learner",
        "participant",
        "pupil",
        "resident",
        "respondent",
        "student",
        "subject",
        "volunteer",
    ];
    if has(OTHERS) && numbered && only(&[OTHERS, NUMBER, &["study", "trial"]]) {
        return Some(2);
    }
    const PSEUDO: &[&str] = &[
        "anonymised",
        "encrypted",
        "hash",
        "hashed",
        "masked",
        "pseudo",
        "pseudonym",
        "pseudonymised",
        "pseudonymized",
        "tokenised",
    ];
    const PSEUDO_OF: &[&str] = &["chi", "hesid", "nhs", "nhsno", "nino"];
    let pseudonym = words == ["pseudonym"] || has(PSEUDO) && (has(PSEUDO_OF) || has(PATIENT));
    if pseudonym && only(&[PSEUDO, PSEUDO_OF, PATIENT, NUMBER]) {
        return Some(3);
    }
    None
}

/// One word for those that mean the same.
fn same(word: &str) -> &str {
    match word {
        "nbr" | "num" | "number" => "no",
        "identifier" => "id",
        "patients" => "patient",
        "people" | "persons" => "person",
        "reference" => "ref",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(header: &str) -> Option<String> {
        link(header.as_bytes()).map(|link| link.name)
    }

    #[test]
    fn the_same_id_is_the_same_in_all_writings() {
        for same in [
            "patient_id",
            "PatientID",
            "patientId",
            "PATIENT ID",
            "patient.id",
            "Patient I.D.",
            "encounter.patient_id",
            "results.patient.id",
            "patient identifier",
            "patients.id",
        ] {
            assert_eq!(name(same).as_deref(), Some("patientid"), "{same}");
        }
        for same in ["Hospital No.", "hospital_number", "HospitalNum"] {
            assert_eq!(name(same).as_deref(), Some("hospitalno"), "{same}");
        }
    }

    #[test]
    fn ids_of_whom_a_record_is_about_are_links() {
        for link in [
            "MRN",
            "mrn_no",
            "patient_mrn",
            "Medical Record Number",
            "PAS number",
            "subject_id",
            "person_id",
            "participant id",
            "study_participant_no",
            "pupil_id",
            "student number",
            "ENCRYPTED_HESID",
            "Pseudo_NHS_Number",
            "hashed_nhs_number",
            "pseudonym",
            "patid",
            "USUBJID",
            "local_patient_identifier",
            "patient_ref",
            "child_id",
        ] {
            assert!(name(link).is_some(), "{link}");
        }
    }

    #[test]
    fn other_ids_are_none() {
        for other in [
            "",
            ".",
            "id",
            "key",
            "ref",
            "no",
            "number",
            "record_id",
            "case_id",
            "study_id",
            "trial_id",
            "consultant_id",
            "gp_id",
            "staff_id",
            "employee_no",
            "user_id",
            "username",
            "client_id",
            "customer_id",
            "member_no",
            "account_id",
            "tenant_id",
            "owner_id",
            "mother_patient_id",
            "patient_gp_id",
            "next_of_kin_id",
            "patient_2_id",
            "patients_no",
            "number of patients",
            "patient",
            "subject",
            "token_id",
            "session_token",
            "pid",
            "unit_number",
            "hospital_id",
            "hospital_code",
            "subject_code",
            "visit_id",
            "xyz_patientid",
            "patient_record_id",
            "mother.patient.id",
            "next_of_kin.person_id",
            "patient_case_no",
            "NHS number",
            "patient_name",
        ] {
            assert_eq!(name(other), None, "{other}");
        }
    }
}
