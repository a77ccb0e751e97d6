//! The letters of the made-up clinic: free text with a name, an NHS number, a date of birth and a
//! coded diagnosis.

use super::people::{Dice, Patient};

/// What the letters are about, in the words and codes of ICD-10 (WHO, version of 2019).
const DIAGNOSES: [(&str, &str); 12] = [
    ("Type 2 diabetes mellitus without complications", "E11.9"),
    ("Essential (primary) hypertension", "I10"),
    ("Asthma, unspecified", "J45.9"),
    ("Chronic kidney disease, stage 3", "N18.3"),
    ("Moderate depressive episode", "F32.1"),
    ("Epilepsy, unspecified", "G40.9"),
    ("Crohn disease, unspecified", "K50.9"),
    ("Rheumatoid arthritis, unspecified", "M06.9"),
    ("Iron deficiency anaemia, unspecified", "D50.9"),
    ("Hypothyroidism, unspecified", "E03.9"),
    ("Psoriasis vulgaris", "L40.0"),
    ("Migraine without aura", "G43.0"),
];

const FINDINGS: [&str; 3] = [
    "The symptoms have been stable since the last visit and sleep is good.",
    "There has been some improvement, though tiredness is still troublesome.",
    "The symptoms returned last month after two missed doses.",
];

const PLANS: [&str; 3] = [
    "Please continue the present treatment and repeat the blood tests in three months.",
    "I have asked for further blood tests and will write again with the results.",
    "I would be grateful if you could review the dose at the next visit.",
];

/// One letter, to a general practitioner who exists as little as the patient.
pub(super) fn letter(dice: &mut Dice, patient: &Patient) -> String {
    let (diagnosis, code) = dice.pick(&DIAGNOSES);
    let Patient {
        given_name,
        family_name,
        nhs_number,
        date_of_birth,
        ..
    } = patient;
    format!(
        "The Varrowmere Clinic\n\
         Telephone {clinic_telephone}, e-mail letters@example.org\n\
         \n\
         {date}\n\
         \n\
         Dr {gp}\n\
         {surgery} Surgery, {postcode}\n\
         Telephone {surgery_telephone}\n\
         \n\
         Dear Dr {gp},\n\
         \n\
         Patient:       {given_name} {family_name}\n\
         NHS number:    {nhs_number}\n\
         Date of birth: {date_of_birth}\n\
         Diagnosis:     {diagnosis} (ICD-10 {code})\n\
         \n\
         Thank you for asking me to see this patient, who came to the clinic today.\n\
         {finding}\n\
         {plan}\n\
         \n\
         Yours sincerely,\n\
         Dr {consultant}\n\
         \n\
         (Made up by `exeat demo`: nobody in this letter exists.)\n",
        clinic_telephone = dice.telephone(),
        date = dice.date(2025, 1),
        gp = dice.family_name(),
        surgery = dice.family_name(),
        postcode = dice.postcode(),
        surgery_telephone = dice.telephone(),
        finding = dice.pick(&FINDINGS),
        plan = dice.pick(&PLANS),
        consultant = dice.family_name(),
    )
}
