//! Makes what DICOM says of a patient known by names that people use: an NHS
//! number, parts of a name, a date.

/// Names and values of elements.
pub(super) type Row = Vec<(String, String)>;

/// Adds to a row what its values say under other names.
pub(super) fn tell(row: &mut Row) {
    let value = |name: &str| {
        let found = row.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let issuer = value("IssuerOfPatientID").to_ascii_uppercase();
    let id = value("PatientID");
    let others = value("OtherPatientIDs");
    let is_nhs = !id.is_empty() && issuer.contains("NHS") || is_nhs_number(&id);
    if is_nhs {
        for (name, _) in row.iter_mut().filter(|(name, _)| name == "PatientID") {
            "nhs_number".clone_into(name);
        }
    } else if let Some(number) = others.split(';').find(|other| is_nhs_number(other)) {
        row.push(("nhs_number".to_owned(), number.trim().to_owned()));
    }
}

/// Ten digits with the right check digit (NHS Data Dictionary).
pub(super) fn is_nhs_number(text: &str) -> bool {
    let digits: Vec<u32> = text
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-'))
        .map(|letter| letter.to_digit(10).unwrap_or(10))
        .collect();
    if digits.len() != 10 || digits.contains(&10) {
        return false;
    }
    let sum: u32 = digits[..9]
        .iter()
        .zip((2..=10).rev())
        .map(|(d, by)| d * by)
        .sum();
    let check = (11 - sum % 11) % 11;
    check == digits[9]
}

/// A name as it is said: `Ashbury^Agnes^^Dr` is Dr Agnes Ashbury. Of several
/// ways to write it all are kept.
pub(super) fn spoken(name: &str) -> String {
    let ways = name
        .split('=')
        .filter(|way| !way.trim_matches(['^', ' ']).is_empty());
    let ways = ways.map(|way| {
        let part = |at| way.split('^').nth(at).unwrap_or("").trim();
        let parts = [part(3), part(1), part(2), part(0), part(4)];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    });
    ways.collect::<Vec<_>>().join("; ")
}

/// A date as ISO 8601 writes it.
pub(super) fn iso_date(date: &str) -> String {
    let date = date.trim();
    let digits: String = date.chars().filter(|letter| *letter != '.').collect();
    let is_day = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    match is_day {
        true => format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]),
        false => date.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_is_told_in_common_words() {
        assert_eq!(spoken("Ashbury^Agnes^May^Dr^"), "Dr Agnes May Ashbury");
        assert_eq!(spoken("Agnes Ashbury"), "Agnes Ashbury");
        assert_eq!(spoken("Ashbury^Agnes=^=x"), "Agnes Ashbury; x");
        assert_eq!(iso_date("19700201"), "1970-02-01");
        assert_eq!(iso_date("1970.02.01"), "1970-02-01");
        assert_eq!(iso_date("19700201-19710201"), "19700201-19710201");
        assert!(is_nhs_number("999 000 0018"));
        assert!(!is_nhs_number("9990000019"));
        let mut row = vec![("PatientID".to_owned(), "9990000018".to_owned())];
        tell(&mut row);
        assert_eq!(row[0].0, "nhs_number");
    }
}
