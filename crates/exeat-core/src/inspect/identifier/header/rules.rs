//! From the words of a column's name to what its values are.

use super::{DIGITS, Role, UNKNOWN};
use crate::inspect::facts::Class;

/// Judges a name by its words.
pub(super) fn judge(words: &[&str]) -> Option<Role> {
    let name = Words(words);
    if let Some(role) = name.count_or_measure() {
        return Some(role);
    }
    // A column about an identifier (its status, whether it is there) has none.
    if name.has_any(&[
        "status",
        "flag",
        "verified",
        "indicator",
        "ind",
        "valid",
        "validated",
        "consent",
        "preference",
        "sent",
        "exists",
        "present",
        "missing",
        "length",
        "format",
        "template",
        "optin",
        "optout",
        "opt",
        "trace",
        "traced",
        "type",
        "count",
    ]) {
        return name.health_or_category();
    }
    name.pseudonym()
        .or_else(|| name.number_of_a_person())
        .or_else(|| name.money())
        .or_else(|| name.contact())
        .or_else(|| name.birth())
        .or_else(|| name.health_or_category())
        .or_else(|| name.person_name())
        .or_else(|| name.local_id())
}

/// Judges a name that has words not in the vocabulary, by what is long enough
/// not to stand in it by chance.
pub(super) fn judge_unknown(flat: &[u8]) -> Option<Role> {
    use Class::{Address, BirthDate, Conviction, Email, Ethnicity, Health, Iban, NhsNumber, Nino};
    use Class::{Orientation, Phone, Postcode, Religion, TradeUnion};
    const TELLING: [(&[u8], Role); 32] = [
        (b"pseudonhs", Role::LocalId),
        (b"nhsnumber", Role::Is(NhsNumber)),
        (b"nhsno", Role::Is(NhsNumber)),
        (b"nationalinsurance", Role::Is(Nino)),
        (b"dateofbirth", Role::Is(BirthDate)),
        (b"birthdate", Role::Is(BirthDate)),
        (b"postcode", Role::Is(Postcode)),
        (b"emailaddress", Role::Is(Email)),
        (b"telephone", Role::Is(Phone)),
        (b"addressline", Role::Is(Address)),
        (b"homeaddress", Role::Is(Address)),
        (b"surname", Role::NamePart),
        (b"forename", Role::NamePart),
        (b"firstname", Role::NamePart),
        (b"lastname", Role::NamePart),
        (b"givenname", Role::NamePart),
        (b"familyname", Role::NamePart),
        (b"diagnos", Role::Is(Health)),
        (b"snomed", Role::Is(Health)),
        (b"icd10", Role::Is(Health)),
        (b"medication", Role::Is(Health)),
        (b"prescri", Role::Is(Health)),
        (b"allerg", Role::Is(Health)),
        (b"ethnic", Role::Is(Ethnicity)),
        (b"religio", Role::Is(Religion)),
        (b"sexualorientation", Role::Is(Orientation)),
        (b"conviction", Role::Is(Conviction)),
        (b"tradeunion", Role::Is(TradeUnion)),
        (b"ibannumber", Role::Is(Iban)),
        (b"sortcode", Role::SortCode),
        (b"patientid", Role::LocalId),
        (b"hospitalnumber", Role::LocalId),
    ];
    TELLING
        .iter()
        .find(|(text, _)| memchr::memmem::find(flat, text).is_some())
        .map(|(_, role)| *role)
}

struct Words<'a>(&'a [&'a str]);

const NUMBER: &[&str] = &[
    "no",
    "nos",
    "num",
    "nbr",
    "number",
    "numbers",
    "id",
    "ids",
    "identifier",
    "code",
    "ref",
    "reference",
];

impl Words<'_> {
    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }

    fn has_any(&self, words: &[&str]) -> bool {
        self.0.iter().any(|word| words.contains(word))
    }

    /// Whether these words follow one another somewhere.
    fn says(&self, phrase: &[&str]) -> bool {
        self.0.windows(phrase.len()).any(|window| window == phrase)
    }

    /// Whether nothing else is said, digits apart.
    fn is_only(&self, word: &str) -> bool {
        self.0.contains(&word) && self.0.iter().all(|&other| other == word || other == DIGITS)
    }

    /// `word` with a word for a number after it, or alone.
    fn is_number_of(&self, word: &str) -> bool {
        let followed = self
            .0
            .windows(2)
            .any(|pair| pair[0] == word && NUMBER.contains(&pair[1]));
        followed || self.0.last() == Some(&word) || self.is_only(word)
    }

    fn count_or_measure(&self) -> Option<Role> {
        if self.has_any(&["rate", "total", "count", "mean"])
            && self.has_any(&[
                "heart",
                "pulse",
                "respiratory",
                "cholesterol",
                "platelet",
                "cell",
                "blood",
                "platelets",
                "protein",
            ])
        {
            return Some(Role::Is(Class::Health));
        }
        let counts = self.has_any(&[
            "count",
            "counts",
            "total",
            "totals",
            "rate",
            "rates",
            "percent",
            "percentage",
            "pct",
            "mean",
            "median",
            "avg",
            "average",
            "sum",
            "proportion",
            "frequency",
            "freq",
            "denominator",
            "numerator",
            "subtotal",
            "prevalence",
            "incidence",
        ]) || self.is_only("n")
            || self.says(&["number", "of"])
            || self.says(&["no", "of"])
            || self.says(&["num", "of"])
            || self.0.first() == Some(&"n") && self.0.len() == 2
            || self.0.first() == Some(&"num") && self.0.len() == 2 && !self.has(DIGITS);
        counts.then_some(Role::Count)
    }

    fn pseudonym(&self) -> Option<Role> {
        (self.has_any(&[
            "pseudo",
            "pseudonym",
            "pseudonymised",
            "pseudonymized",
            "hashed",
            "hash",
            "encrypted",
            "hesid",
            "token",
            "tokenised",
            "anonymised",
            "masked",
        ]) && self.has_any(&[
            "nhs",
            "nino",
            "patient",
            "person",
            "pseudonym",
            "hesid",
            "id",
            "number",
            "identifier",
            "chi",
            "nhsnumber",
        ]))
        .then_some(Role::LocalId)
    }

    fn number_of_a_person(&self) -> Option<Role> {
        let nhs = self.is_number_of("nhs")
            && !self.has_any(&[
                "trust",
                "site",
                "organisation",
                "region",
                "provider",
                "practice",
            ]);
        if nhs || self.has("nhsno") {
            return Some(Role::Is(Class::NhsNumber));
        }
        if self.is_number_of("chi") && !self.has_any(&["square", "squared"]) {
            return Some(Role::Is(Class::ChiNumber));
        }
        if self.has("gmc") {
            return Some(Role::Is(Class::GmcNumber));
        }
        let nino = self.has("nino")
            || self.says(&["national", "insurance"])
            || self.says(&["nat", "ins"])
            || self.says(&["ni", "number"])
            || self.says(&["ni", "no"])
            || self.is_only("ni");
        nino.then_some(Role::Is(Class::Nino))
    }

    fn money(&self) -> Option<Role> {
        if self.has("iban") {
            return Some(Role::Is(Class::Iban));
        }
        if self.says(&["sort", "code"]) || self.is_only("sortcode") {
            return Some(Role::SortCode);
        }
        if self.has_any(&["account", "acct", "acc"])
            && self.has_any(&["number", "no", "num", "nbr", "bank"])
            && !self.has_any(&["name", "holder", "type", "manager"])
        {
            return Some(Role::AccountNumber);
        }
        let card = self.is_number_of("pan")
            || self.has_any(&["card", "cc"])
                && self.has_any(&[
                    "number", "no", "num", "pan", "credit", "debit", "payment", "nbr",
                ])
                && !self.has_any(&[
                    "library", "id", "expiry", "identity", "name", "holder", "loyalty", "date",
                ]);
        card.then_some(Role::Is(Class::Card))
    }

    fn contact(&self) -> Option<Role> {
        if self.has_any(&["email", "emails"])
            && !self.has_any(&["date", "title", "body", "time", "id"])
        {
            return Some(Role::Is(Class::Email));
        }
        let ip = self.is_only("ip")
            || self.has_any(&["ipaddress", "ipv4", "ipv6"])
            || self.has("ip")
                && self.has_any(&[
                    "address", "addr", "client", "source", "src", "remote", "user", "login",
                ])
            || self.says(&["remote", "addr"]);
        if ip {
            return Some(Role::Is(Class::IpAddress));
        }
        let phone = self.has_any(&[
            "telephone",
            "tel",
            "telno",
            "mobile",
            "landline",
            "phone",
            "phones",
            "cellphone",
            "fax",
            "msisdn",
        ]) || self.says(&["contact", "number"])
            || self.says(&["contact", "no"])
            || self.says(&["cell", "number"]);
        if phone
            && !self.has_any(&[
                "model", "app", "brand", "os", "date", "time", "call", "calls",
            ])
        {
            return Some(Role::Is(Class::Phone));
        }
        let organisation = self.has_any(ORGANISATIONS);
        if self.has_any(&["postcode", "pcds", "pcd", "zip", "zipcode"])
            || self.says(&["postal", "code"])
        {
            return (!organisation && !self.has_any(&["area", "district", "sector", "region"]))
                .then_some(Role::Is(Class::Postcode));
        }
        let address = self.has_any(&["address", "addresses", "addr", "uprn"])
            || self.says(&["street", "name"])
            || self.says(&["house", "number"])
            || self.says(&["house", "no"])
            || self.says(&["house", "name"])
            || self.is_only("street");
        (address
            && !organisation
            && !self.has_any(&["mac", "web", "memory", "url", "site", "country", "county"]))
        .then_some(Role::Is(Class::Address))
    }

    fn birth(&self) -> Option<Role> {
        let birth = self.has("dob")
            || self.says(&["date", "of", "birth"])
            || self.says(&["birth", "date"])
            || self.says(&["birth", "dt"])
            || self.says(&["date", "birth"])
            || self.says(&["birth", "day"])
            || self.has_any(&["birthdate", "birthday", "dateofbirth"])
            || self.is_only("born");
        birth.then_some(Role::Is(Class::BirthDate))
    }

    fn health_or_category(&self) -> Option<Role> {
        use Class::{Conviction, Ethnicity, Health, Orientation, Politics, Religion, TradeUnion};
        if self.has_any(&["ethnic", "ethnicity", "ethnos", "ethgrp"]) || self.is_only("race") {
            return Some(Role::Is(Ethnicity));
        }
        if self.has_any(&["religion", "religious", "faith", "belief", "beliefs"]) {
            return Some(Role::Is(Religion));
        }
        if self.says(&["sexual", "orientation"])
            || self.has("sexuality")
            || self.says(&["sexual", "preference"])
            || self.says(&["sex", "life"])
        {
            return Some(Role::Is(Orientation));
        }
        if self.has_any(&[
            "conviction",
            "convictions",
            "offence",
            "offences",
            "offense",
            "offender",
            "criminal",
            "dbs",
            "crb",
            "probation",
        ]) {
            return Some(Role::Is(Conviction));
        }
        let politics = self.has_any(&["political", "politics"])
            || self.says(&["party", "membership"])
            || self.says(&["voting", "intention"]);
        if politics {
            return Some(Role::Is(Politics));
        }
        if self.says(&["trade", "union"])
            || self.has("union") && self.has_any(&["member", "membership", "subs"])
        {
            return Some(Role::Is(TradeUnion));
        }
        let history = self.says(&["family", "history"])
            || self.says(&["medical", "history"])
            || self.says(&["past", "history"]);
        let health = history
            || self.has_any(HEALTH)
            || self.says(&["concept", "id"])
            || self.says(&["read", "code"])
            || self.says(&["read", "v2"])
            || self.says(&["test", "result"])
            || self.says(&["test", "results"])
            || self.says(&["lab", "result"])
            || self.says(&["lab", "value"])
            || self.says(&["blood", "group"])
            || self.says(&["blood", "type"])
            || self.says(&["blood", "test"])
            || self.says(&["birth", "weight"])
            || self.says(&["operation", "code"])
            || self.says(&["clinical", "notes"])
            || self.says(&["cause", "of", "death"])
            || self.is_only("condition")
            || self.is_only("conditions")
            || self.has("condition")
                && self.has_any(&[
                    "code",
                    "name",
                    "health",
                    "medical",
                    "patient",
                    "description",
                    "display",
                    "text",
                    "onset",
                    "coding",
                ]);
        health.then_some(Role::Is(Health))
    }

    fn person_name(&self) -> Option<Role> {
        if self.has_any(&[
            "surname",
            "surnames",
            "forename",
            "forenames",
            "firstname",
            "lastname",
            "fname",
            "lname",
            "givenname",
            "initials",
        ]) {
            return Some(Role::NamePart);
        }
        let named = self.has_any(&["name", "names"]);
        if named && self.has_any(&["user", "login", "screen", "nick"]) {
            return Some(Role::LocalId);
        }
        let part = [
            "first",
            "last",
            "middle",
            "maiden",
            "given",
            "family",
            "previous",
            "preferred",
            "known",
        ];
        if named && self.has_any(&part) && !self.has_any(NOT_PEOPLE) {
            return Some(Role::NamePart);
        }
        if self.is_only("given") || self.is_only("family") || self.says(&["middle", "initial"]) {
            return Some(Role::NamePart);
        }
        if named && !self.has_any(NOT_PEOPLE) && !self.has_any(ORGANISATIONS) && !self.has(UNKNOWN)
        {
            let rest_is_person = self.0.iter().all(|word| {
                [
                    "name", "names", "full", "of", "the", "s", "and", "legal", DIGITS,
                ]
                .contains(word)
                    || PEOPLE.contains(word)
            });
            return rest_is_person.then_some(Role::Is(Class::Name));
        }
        let only_people = self
            .0
            .iter()
            .all(|word| PEOPLE.contains(word) || *word == "full")
            && self.has_any(&["fullname", "cardholder"]);
        (only_people || self.says(&["next", "of", "kin"])).then_some(Role::Is(Class::Name))
    }

    fn local_id(&self) -> Option<Role> {
        let numbered = self.has_any(NUMBER);
        let local = self.has_any(&[
            "mrn", "userid", "username", "hesid", "ptid", "pid", "lpi", "patid", "subjid",
            "usubjid", "empi",
        ]) || self.says(&["medical", "record"])
            || self.says(&["hospital", "no"])
            || self.says(&["hospital", "number"])
            || self.says(&["hospital", "num"])
            || self.says(&["unit", "number"])
            || self.says(&["pas", "id"])
            || self.says(&["pas", "number"])
            || self.is_only("subject")
            || self.is_only("user")
            || self.is_only("login")
            || numbered
                && self.has_any(&["study", "trial", "record", "case", "account", "login"])
                && !self.has_any(NOT_PEOPLE)
            || numbered && self.has_any(PEOPLE) && !self.has_any(NOT_PEOPLE);
        local.then_some(Role::LocalId)
    }
}

#[rustfmt::skip]
const HEALTH: &[&str] = &[
    "alcohol", "allele", "allergen", "allergic", "allergies", "allergy", "allergyintolerance", "anxiety", "asthma",
    "biopsy", "birthweight", "bloodpressure", "bmi", "bnf", "bp", "brca", "cancer", "cancers", "chemotherapy",
    "cholesterol", "clinical", "comorbidities", "comorbidity", "conceptid", "copd", "creatinine", "ctv3", "dementia",
    "depression", "diabetes", "diabetic", "diag", "diagnosed", "diagnoses", "diagnosis", "diagnostic", "diastolic",
    "disability", "disabled", "disease", "diseases", "disorder", "disorders", "dmd", "dna", "dosage", "dose", "drug",
    "drugs", "dx", "ecg", "egfr", "epilepsy", "finding", "findings", "frailty", "genetic", "genome", "genomic",
    "genotype", "gestation", "glucose", "haemoglobin", "hba1c", "hemoglobin", "hepatitis", "histology", "hiv",
    "hypertension", "icd", "icd10", "icd11", "icd9", "illness", "immunisation", "immunization", "impairment",
    "karyotype", "medication", "medicationrequest", "medications", "medicine", "medicines", "mentalhealth",
    "morbidity", "mri", "multimorbidity", "mutation", "observation", "observations", "opcs", "opertn", "pathology",
    "pregnancy", "pregnant", "prescribed", "prescription", "prescriptions", "procedure", "procedures", "pulse",
    "radiotherapy", "readcode", "sctid", "smoker", "smoking", "snomed", "snomedct", "stroke", "symptom", "symptoms",
    "systolic", "testresult", "therapies", "therapy", "treatment", "treatments", "tumor", "tumour", "vaccination",
    "vaccinations", "vaccine",
];

/// Whom a name or an identifier can belong to.
#[rustfmt::skip]
const PEOPLE: &[&str] = &[
    "applicant", "author", "baby", "beneficiary", "cardholder", "carer", "child", "citizen", "client", "clinician",
    "consultant", "contact", "customer", "doctor", "donor", "employee", "father", "fullname", "gp", "guardian",
    "holder", "individual", "kin", "learner", "member", "mother", "next", "nurse", "of", "owner", "parent",
    "participant", "partner", "patient", "patients", "people", "person", "persons", "physician", "practitioner",
    "prescriber", "pupil", "resident", "respondent", "spouse", "staff", "student", "subject", "surgeon", "taxpayer",
    "teacher", "tenant", "user", "volunteer", "worker",
];

/// What has a name or a number, but is no person.
#[rustfmt::skip]
const NOT_PEOPLE: &[&str] = &[
    "bank", "brand", "category", "city", "class", "column", "database", "dataset", "db", "device", "display",
    "domain", "drug", "event", "field", "file", "group", "host", "hostname", "invoice", "item", "medication", "order",
    "product", "project", "server", "service", "table", "team", "test", "town", "transaction", "type", "variable",
];

/// Whose addresses are no person's.
#[rustfmt::skip]
const ORGANISATIONS: &[&str] = &[
    "branch", "business", "ccg", "clinic", "college", "commissioner", "company", "department", "dept", "employer",
    "facility", "hospital", "icb", "institution", "laboratory", "org", "organisation", "organization", "pharmacy",
    "practice", "provider", "school", "shop", "site", "store", "supplier", "surgery", "trust", "university", "vendor",
    "ward",
];
