//! The words of English health and research extracts: the field names of the
//! NHS Data Dictionary, Hospital Episode Statistics, GP systems and FHIR, and
//! the ordinary words around them.

/// The known words that a text begins with.
pub(super) fn beginning(text: &[u8]) -> impl Iterator<Item = &'static str> {
    let first = text.first().copied().unwrap_or_default();
    starting_with(first).iter().copied().filter(move |word| {
        let word = word.as_bytes();
        // Most differ in their second letter.
        (word.len() < 2 || word.get(1) == text.get(1)) && text.starts_with(word)
    })
}

/// The known words that start with this byte.
fn starting_with(first: u8) -> &'static [&'static str] {
    let place = usize::from(first);
    &WORDS[STARTS[place]..STARTS[place + 1]]
}

/// Where in [`WORDS`] those of each first byte start.
const STARTS: [usize; 257] = {
    let mut starts = [0; 257];
    let (mut place, mut word) = (0, 0);
    while place < starts.len() {
        while word < WORDS.len() && (WORDS[word].as_bytes()[0] as usize) < place {
            word += 1;
        }
        starts[place] = word;
        place += 1;
    }
    starts
};

/// Whether this is a known word, in any case.
pub(super) fn has(word: &[u8]) -> bool {
    let Some(first) = word.first().map(u8::to_ascii_lowercase) else {
        return false;
    };
    starting_with(first)
        .iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// Sorted.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "acc", "account", "acct", "additional", "addr", "address", "addresses", "admission", "affiliation",
    "affiliations", "age", "alcohol", "allele", "allergen", "allergic", "allergies", "allergy", "allergyintolerance",
    "alternative", "amount", "and", "android", "anonymised", "anxiety", "app", "applicant", "appointment", "area",
    "as", "asthma", "attendance", "audio", "author", "average", "avg", "baby", "balance", "bank", "belief", "beliefs",
    "beneficiary", "biopsy", "birth", "birthdate", "birthday", "birthweight", "blood", "bloodpressure", "bmi", "bnf",
    "body", "born", "bp", "branch", "brand", "brca", "business", "call", "calls", "cancer", "cancers", "card",
    "cardholder", "carer", "case", "category", "cause", "cc", "ccg", "cell", "cellphone", "certificate", "check",
    "chemotherapy", "chi", "child", "chile", "chiller", "china", "chip", "cholesterol", "citizen", "city", "class",
    "client", "clinic", "clinical", "clinician", "code", "codes", "coding", "college", "column", "columnname",
    "commissioner", "comorbidities", "comorbidity", "company", "concept", "conceptid", "condition", "conditions",
    "consent", "consultant", "contact", "conviction", "convictions", "copd", "count", "country", "counts", "county",
    "crb", "created", "creatinine", "credit", "criminal", "ctv3", "currency", "current", "customer", "database",
    "dataset", "date", "dateofbirth", "day", "daytime", "db", "dbs", "death", "debit", "dementia", "denominator",
    "department", "depression", "dept", "desc", "description", "device", "diabetes", "diabetic", "diag", "diagnosed",
    "diagnoses", "diagnosis", "diagnostic", "diastolic", "disability", "disabled", "discharge", "disease", "diseases",
    "disorder", "disorders", "display", "displayname", "district", "dmd", "dna", "dob", "doctor", "domain", "donor",
    "dosage", "dose", "drug", "drugs", "dt", "dx", "ecg", "egfr", "email", "emails", "emergency", "empi", "employee",
    "employer", "enamel", "encrypted", "end", "entry", "epilepsy", "ethgrp", "ethnic", "ethnicity", "ethnos",
    "evening", "event", "exists", "expiry", "extra", "facility", "faith", "family", "father", "fax", "field", "file",
    "filename", "finding", "findings", "first", "firstname", "flag", "fname", "forename", "forenames", "format",
    "frailty", "freq", "frequency", "full", "fullname", "gender", "genetic", "genome", "genomic", "genotype",
    "gestation", "given", "givenname", "glucose", "gmc", "gp", "grade", "group", "guardian", "haemoglobin", "hash",
    "hashed", "hba1c", "health", "heart", "height", "hemoglobin", "hepatitis", "hesid", "histology", "history", "hiv",
    "holder", "home", "hospital", "host", "hostname", "hotel", "house", "hypertension", "iban", "icb", "icd", "icd10",
    "icd11", "icd9", "id", "idea", "identifier", "identity", "ids", "illness", "immunisation", "immunization",
    "impairment", "incidence", "ind", "index", "indicator", "individual", "initial", "initials", "ins", "institution",
    "insurance", "intel", "intention", "invoice", "ip", "ipad", "ipaddress", "ipv4", "ipv6", "item", "japan", "job",
    "karyotype", "key", "kin", "known", "lab", "label", "laboratory", "landline", "language", "last", "lastname",
    "learner", "legal", "length", "level", "library", "life", "line", "list", "lname", "local", "login", "loyalty",
    "lpi", "mac", "maiden", "mail", "main", "manager", "marital", "masked", "mean", "median", "medical", "medication",
    "medicationrequest", "medications", "medicine", "medicines", "member", "membership", "memory", "mentalhealth",
    "middle", "missing", "mobile", "model", "modified", "month", "morbidity", "motel", "mother", "mri", "mrn",
    "msisdn", "multimorbidity", "mutation", "n", "name", "names", "nat", "national", "nationality", "nbr", "new",
    "next", "nhs", "nhsno", "ni", "nick", "nino", "no", "node", "nominal", "none", "norm", "normal", "nos", "note",
    "notes", "notification", "nova", "novel", "num", "number", "numbers", "numerator", "nurse", "observation",
    "observations", "occupation", "of", "offence", "offences", "offender", "offense", "old", "onset", "opcs",
    "operation", "opertn", "opinion", "opt", "optin", "optout", "order", "org", "organisation", "organization",
    "orientation", "os", "other", "owner", "pan", "panel", "parent", "participant", "partner", "party", "pas", "past",
    "pathology", "patid", "patient", "patients", "payment", "pcd", "pcd7", "pcd8", "pcds", "pct", "people", "percent",
    "percentage", "period", "person", "persons", "pharmacy", "phone", "phones", "physician", "pid", "platelet",
    "platelets", "political", "politics", "position", "postal", "postcode", "practice", "practitioner", "preference",
    "preferred", "pregnancy", "pregnant", "prescribed", "prescriber", "prescription", "prescriptions", "present",
    "prevalence", "previous", "price", "primary", "probation", "procedure", "procedures", "product", "project",
    "proportion", "protein", "provide", "provider", "pseudo", "pseudonym", "pseudonymised", "pseudonymized", "ptid",
    "pulse", "pupil", "quantity", "race", "radiotherapy", "rate", "rates", "read", "readcode", "record", "red", "ref",
    "reference", "referral", "region", "registered", "registration", "religion", "religious", "remote", "reported",
    "resident", "resource", "respiratory", "respondent", "result", "results", "role", "row", "s", "salary", "school",
    "score", "screen", "sctid", "secondary", "sector", "self", "sent", "server", "service", "sex", "sexual",
    "sexuality", "shop", "site", "smoker", "smoking", "snomed", "snomedct", "sort", "sortcode", "source", "spain",
    "spouse", "square", "squared", "src", "staff", "start", "state", "stated", "status", "store", "street", "stroke",
    "student", "study", "subject", "subjid", "subs", "subtotal", "sum", "supplier", "surgeon", "surgery", "surname",
    "surnames", "symptom", "symptoms", "system", "systolic", "table", "tablename", "taxpayer", "teacher", "team",
    "tel", "telegram", "telemetry", "telephone", "telno", "template", "tenant", "term", "test", "testresult", "text",
    "the", "therapies", "therapy", "time", "title", "token", "tokenised", "total", "totals", "town", "trace",
    "traced", "trade", "transaction", "treatment", "treatments", "trial", "trust", "tumor", "tumour", "type", "union",
    "unit", "university", "updated", "uprn", "url", "use", "user", "userid", "username", "usubjid", "v2",
    "vaccination", "vaccinations", "vaccine", "valid", "validated", "value", "values", "variable", "vendor",
    "verified", "version", "video", "volunteer", "voting", "ward", "web", "week", "weight", "white", "work", "worker",
    "year", "zip", "zipcode", "zipfile",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_and_plain() {
        assert!(WORDS.is_sorted());
        for word in WORDS {
            assert!(
                word.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
                "{word}"
            );
        }
    }
}
