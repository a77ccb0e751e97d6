use super::*;
use Class::*;
use Role::{AccountNumber, Count, Is, LocalId, NamePart, SortCode};
use proptest::prelude::*;

/// Names of columns, and what they say. Field names of the NHS Data
/// Dictionary, Hospital Episode Statistics (HES), GP extracts, FHIR R4 and
/// everyday spreadsheets.
#[rustfmt::skip]
const NAMES: &[(&str, Option<Role>)] = &[
    ("NHS No", Some(Is(NhsNumber))), ("NHS No.", Some(Is(NhsNumber))), ("nhs_number", Some(Is(NhsNumber))),
    ("Patient NHS Number", Some(Is(NhsNumber))), ("NHSNumber", Some(Is(NhsNumber))), ("nhsnumber", Some(Is(NhsNumber))),
    ("NHS", Some(Is(NhsNumber))), ("NEWNHSNO", Some(Is(NhsNumber))), ("patient.nhsNumber", Some(Is(NhsNumber))),
    ("NHS Number 1", Some(Is(NhsNumber))), ("mother_nhs_number", Some(Is(NhsNumber))), ("XYZ_NHSNumber", Some(Is(NhsNumber))),
    ("NHS Number Status Indicator", None), ("nhs_trust", None), ("NHS Trust Name", None), ("NHS region", None),
    ("PseudoNHS", Some(LocalId)), ("Pseudo_NHS_Number", Some(LocalId)), ("ENCRYPTED_HESID", Some(LocalId)),
    ("hashed_nhs_number", Some(LocalId)), ("pseudonym", Some(LocalId)), ("PSEUDO_HESID", Some(LocalId)),
    ("CHI", Some(Is(ChiNumber))), ("CHI Number", Some(Is(ChiNumber))), ("chi_no", Some(Is(ChiNumber))), ("chi_square", None),
    ("GMC", Some(Is(GmcNumber))), ("GMC No", Some(Is(GmcNumber))), ("gmc_reference_number", Some(Is(GmcNumber))),
    ("NINO", Some(Is(Nino))), ("NI Number", Some(Is(Nino))), ("National Insurance Number", Some(Is(Nino))),
    ("national_insurance_no", Some(Is(Nino))), ("NI", Some(Is(Nino))),
    ("DOB", Some(Is(BirthDate))), ("Date of Birth", Some(Is(BirthDate))), ("BirthDate", Some(Is(BirthDate))),
    ("birth_date", Some(Is(BirthDate))), ("patient.birthDate", Some(Is(BirthDate))), ("Patient DOB", Some(Is(BirthDate))),
    ("D.O.B.", Some(Is(BirthDate))), ("Year of Birth", None), ("place of birth", None), ("birthweight", Some(Is(Health))),
    ("Postcode", Some(Is(Postcode))), ("PCDS", Some(Is(Postcode))), ("pcd", Some(Is(Postcode))), ("Post Code", Some(Is(Postcode))),
    ("home_postcode", Some(Is(Postcode))), ("patient.address.postalCode", Some(Is(Postcode))), ("zip code", Some(Is(Postcode))),
    ("practice postcode", None), ("postcode district", None),
    ("email", Some(Is(Email))), ("E-mail", Some(Is(Email))), ("Email Address", Some(Is(Email))), ("email sent", None),
    ("Tel", Some(Is(Phone))), ("telephone", Some(Is(Phone))), ("Mobile", Some(Is(Phone))), ("mobile_no", Some(Is(Phone))),
    ("Home Phone", Some(Is(Phone))), ("Contact Number", Some(Is(Phone))), ("phone model", None), ("hotel", None),
    ("Address", Some(Is(Address))), ("address line 1", Some(Is(Address))), ("AddressLine2", Some(Is(Address))),
    ("street", Some(Is(Address))), ("UPRN", Some(Is(Address))), ("hospital address", None), ("mac address", None), ("web address", None),
    ("IP", Some(Is(IpAddress))), ("ip_address", Some(Is(IpAddress))), ("client ip", Some(Is(IpAddress))), ("remote_addr", Some(Is(IpAddress))),
    ("IBAN", Some(Is(Iban))), ("CardNumber", Some(Is(Card))), ("credit card", Some(Is(Card))), ("PAN", Some(Is(Card))),
    ("card_no", Some(Is(Card))), ("library card number", None), ("card type", None), ("company", None),
    ("Sort Code", Some(SortCode)), ("sort_code", Some(SortCode)), ("SortCode", Some(SortCode)),
    ("Account Number", Some(AccountNumber)), ("accountNo", Some(AccountNumber)), ("bank account", Some(AccountNumber)), ("account", None),
    ("Surname", Some(NamePart)), ("FORENAME", Some(NamePart)), ("GivenName", Some(NamePart)), ("first_name", Some(NamePart)),
    ("Last Name", Some(NamePart)), ("middle initial", Some(NamePart)), ("given", Some(NamePart)), ("family", Some(NamePart)),
    ("patient.name.family", Some(NamePart)), ("name.given", Some(NamePart)), ("patient_surname", Some(NamePart)), ("maiden name", Some(NamePart)),
    ("Name", Some(Is(Name))), ("Full Name", Some(Is(Name))), ("Patient Name", Some(Is(Name))), ("Name of patient", Some(Is(Name))),
    ("consultant_name", Some(Is(Name))), ("next of kin", Some(Is(Name))), ("cardholder name", Some(Is(Name))), ("GP Name", Some(Is(Name))),
    ("product name", None), ("file name", None), ("filename", None), ("practice name", None), ("hospital name", None),
    ("name of ward", None), ("Ward Name", None), ("column_name", None), ("hostname", None), ("event name", None), ("trial name", None),
    ("username", Some(LocalId)), ("user", Some(LocalId)), ("user_id", Some(LocalId)), ("PatientID", Some(LocalId)),
    ("patient_id", Some(LocalId)), ("hospital_number", Some(LocalId)), ("Hospital No", Some(LocalId)), ("MRN", Some(LocalId)),
    ("person_id", Some(LocalId)), ("subject.reference", Some(LocalId)), ("patient.reference", Some(LocalId)), ("subject", Some(LocalId)),
    ("study id", Some(LocalId)), ("record_id", Some(LocalId)), ("participant id", Some(LocalId)), ("employee number", Some(LocalId)),
    ("patid", Some(LocalId)), ("pat_id", Some(LocalId)), ("USUBJID", Some(LocalId)), ("EMPI", Some(LocalId)),
    ("client_id", Some(LocalId)), ("customer_id", Some(LocalId)), ("case_id", Some(LocalId)), ("pupil_id", Some(LocalId)),
    ("member_no", Some(LocalId)), ("subject_id", Some(LocalId)), ("Medical Record Number", Some(LocalId)),
    ("product id", None), ("order id", None), ("id", None), ("transaction_id", None),
    ("Sex", None), ("Gender", None), ("Age", None), ("title", None), ("date", None), ("number", None), ("Ward", None), ("city", None),
    ("EthnicCategory", Some(Is(Ethnicity))), ("ETHNOS", Some(Is(Ethnicity))), ("ethnicity", Some(Is(Ethnicity))),
    ("Ethnic Group", Some(Is(Ethnicity))), ("ethnic_origin", Some(Is(Ethnicity))), ("race", Some(Is(Ethnicity))), ("race time", None),
    ("Religion", Some(Is(Religion))), ("religious belief", Some(Is(Religion))), ("Faith", Some(Is(Religion))),
    ("SexualOrientation", Some(Is(Orientation))), ("sexuality", Some(Is(Orientation))), ("orientation", None),
    ("Conviction", Some(Is(Conviction))), ("Offence", Some(Is(Conviction))), ("DBS", Some(Is(Conviction))), ("CRB check", Some(Is(Conviction))),
    ("criminal record", Some(Is(Conviction))), ("Political Party", Some(Is(Politics))), ("political opinion", Some(Is(Politics))),
    ("TradeUnion", Some(Is(TradeUnion))), ("trade union member", Some(Is(TradeUnion))), ("union membership", Some(Is(TradeUnion))), ("union", None),
    ("ICD10", Some(Is(Health))), ("ICD-10 code", Some(Is(Health))), ("DIAG_01", Some(Is(Health))), ("DIAG_20", Some(Is(Health))),
    ("SNOMEDCode", Some(Is(Health))), ("snomed_ct_concept_id", Some(Is(Health))), ("ConceptID", Some(Is(Health))), ("ReadCode", Some(Is(Health))),
    ("Diagnosis", Some(Is(Health))), ("primary_diagnosis", Some(Is(Health))), ("DiagnosisDate", Some(Is(Health))), ("Condition", Some(Is(Health))),
    ("Medication", Some(Is(Health))), ("drug", Some(Is(Health))), ("drug name", Some(Is(Health))), ("allergy", Some(Is(Health))),
    ("test result", Some(Is(Health))), ("HbA1c", Some(Is(Health))), ("blood pressure", Some(Is(Health))), ("Systolic BP", Some(Is(Health))),
    ("heart rate", Some(Is(Health))), ("total cholesterol", Some(Is(Health))), ("smoking status", Some(Is(Health))), ("OPERTN_01", Some(Is(Health))),
    ("medicationCodeableConcept.coding.code", Some(Is(Health))), ("family history", Some(Is(Health))), ("blood group", Some(Is(Health))),
    ("cause of death", Some(Is(Health))), ("genotype", Some(Is(Health))), ("disability", Some(Is(Health))), ("BMI", Some(Is(Health))),
    ("n", Some(Count)), ("Count", Some(Count)), ("total", Some(Count)), ("number of patients", Some(Count)), ("patient count", Some(Count)),
    ("rate", Some(Count)), ("percent", Some(Count)), ("mean age", Some(Count)), ("No of admissions", Some(Count)), ("sum", Some(Count)),
    ("n_patients", Some(Count)), ("num_patients", Some(Count)),
    ("", None), ("___", None), ("42", None), ("quux", None), ("価格", None),
];

#[test]
fn names_of_columns() {
    let wrong: Vec<_> = NAMES
        .iter()
        .filter(|(name, expected)| role(name.as_bytes()) != *expected)
        .map(|(name, expected)| (name, role(name.as_bytes()), expected))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same name written in another way.
fn rewritten(name: &str, separator: &str, case: usize) -> String {
    let words: Vec<String> = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| match case {
            0 => word.to_lowercase(),
            1 => word.to_uppercase(),
            _ => word[..1].to_uppercase() + &word[1..].to_lowercase(),
        })
        .collect();
    words.join(separator)
}

proptest! {
    #[test]
    fn case_and_separators_do_not_matter(
        at in 0..NAMES.len(), separator in prop::sample::select(vec!["", " ", "_", "-", ".", "  ", " - "]), case in 0_usize..3,
    ) {
        let (name, expected) = NAMES[at];
        prop_assume!(name.is_ascii());
        let written = rewritten(name, separator, case);
        prop_assert_eq!(role(written.as_bytes()), expected, "{}", written);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = role(&bytes);
    }
}
