use super::Shape::*;
use super::*;
use proptest::prelude::*;

/// Values and all that they look like. The sources of the single rules are
/// with the families; numbers are of test ranges or made up.
#[rustfmt::skip]
const VALUES: &[(&str, &[Shape])] = &[
    ("9990000018", &[TenDigits, NhsNumber, Number]),
    (" 9990000018\t", &[TenDigits, NhsNumber, Number]),
    ("999 000 0018", &[TenDigits, NhsNumber]),
    ("999-000-0018", &[TenDigits, NhsNumber]),
    ("999.000.0018", &[TenDigits, NhsNumber]),
    ("999\u{a0}000\u{a0}0018", &[TenDigits, NhsNumber]),
    ("999\u{2009}000\u{2009}0018", &[TenDigits, NhsNumber]),
    ("9990000018.0", &[TenDigits, NhsNumber, Number]),
    ("9990000019", &[TenDigits, Number]),
    ("0101000014", &[TenDigits, NhsNumber, ChiNumber, Number]),
    ("1700000000", &[TenDigits, Number]),
    ("AB123456C", &[Nino]),
    ("AB 12 34 56 C", &[Nino]),
    ("QQ123456C", &[]),
    ("jane@example.com", &[Email]),
    ("jane.o'brien+x@mail.example.co.uk", &[Email]),
    ("logo@2x.png", &[]),
    ("192.0.2.1", &[IpAddress]),
    ("2001:db8::1", &[IpAddress]),
    ("::1", &[IpAddress]),
    ("GB30XXXX99999999999999", &[Iban]),
    ("gb30 xxxx 9999 9999 9999 99", &[Iban]),
    ("GB29NWBK60161331926819", &[]),
    ("4929123456789015", &[Number, Card]),
    ("4929 1234 5678 9015", &[Card]),
    ("4929-1234-5678-9015", &[Card]),
    ("4111111111111111", &[Number]),
    ("1234567812345670", &[Number, Luhn]),
    ("00-00-00", &[SortCode]),
    ("123456", &[SortCode, Number]),
    ("12345678", &[AccountNumber, Number]),
    ("19800201", &[AccountNumber, Date, Number]),
    ("1234567", &[GmcNumber, Number]),
    ("07700 900123", &[Phone]),
    ("07700900123", &[Phone, Number]),
    ("+44 (0)7700 900123", &[Phone]),
    ("(01632) 960123", &[Phone]),
    ("0161-496-0000", &[Phone]),
    ("+447700900123", &[Phone, Number]),
    ("EC1A 1BB", &[Postcode]),
    ("m1 1ae", &[Postcode]),
    ("1980-02-01", &[Date]),
    ("01/02/1980", &[Date]),
    ("1 Feb 1980", &[Date]),
    ("February 1, 1980", &[Date]),
    ("1980-02-01T00:00:00Z", &[Date]),
    ("1980-02-01 00:00:00", &[Date]),
    ("1.2.1980", &[Date]),
    ("John Smith", &[PersonName]),
    ("SMITH, John", &[PersonName]),
    ("Dr Jane O'Brien-Jones", &[PersonName]),
    ("Siân Müller", &[PersonName]),
    ("Smith", &[SingleName]),
    ("Siân", &[SingleName]),
    ("Mr", &[]),
    ("smith", &[]),
    ("E11.9", &[IcdCode]),
    ("I10", &[IcdCode]),
    ("E119", &[IcdCode]),
    ("44054006", &[AccountNumber, SnomedCode, Number]),
    ("G30..", &[ReadCode]),
    ("XaBVJ", &[ReadCode, SingleName]),
    ("C10F.", &[ReadCode]),
    ("White British", &[PersonName, EthnicityValue]),
    ("Mixed - White and Asian", &[EthnicityValue]),
    ("Pakistani", &[SingleName, EthnicityValue]),
    ("muslim", &[ReligionValue]),
    ("Heterosexual or Straight", &[OrientationValue]),
    ("12", &[Number]),
    ("-12.5", &[Number]),
    ("1,234,567.89", &[Number]),
    ("1.5E-3", &[Number]),
    (".5", &[Number]),
    ("1,23", &[]),
    ("1.2.3", &[]),
    ("", &[Blank]),
    ("  ", &[Blank]),
    ("NULL", &[Blank]),
    ("null", &[Blank]),
    ("N/A", &[Blank]),
    ("NA", &[Blank]),
    ("NaN", &[Blank]),
    ("-", &[Blank]),
    ("\\N", &[Blank]),
    ("550e8400-e29b-41d4-a716-446655440000", &[]),
    ("P000123", &[]),
    ("discharged home", &[]),
    ("12:30:45", &[]),
    ("00:1a:2b:3c:4d:5e", &[]),
    ("https://example.com/a", &[]),
];

#[test]
fn values_and_their_looks() {
    let wrong: Vec<_> = VALUES
        .iter()
        .filter(|(value, expected)| {
            let mut wanted = Shapes::default();
            expected.iter().for_each(|&shape| wanted.put(shape));
            shapes(value.as_bytes()) != wanted
        })
        .map(|(value, expected)| (value, shapes(value.as_bytes()), expected))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_set_lists_what_it_contains() {
    let found = shapes(b"9990000018");
    assert_eq!(
        found.iter().collect::<Vec<_>>(),
        [TenDigits, NhsNumber, Number]
    );
    assert!(found.contains(NhsNumber) && !found.contains(Card) && !found.is_empty());
    assert!(shapes("é".repeat(100).as_bytes()).is_empty());
    for (place, shape) in Shape::ALL.into_iter().enumerate() {
        assert_eq!(shape as usize, place);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(cell in prop::collection::vec(any::<u8>(), 0..120)) {
        let _ = shapes(&cell);
    }

    #[test]
    fn any_likely_cell_is_survived(cell in "[0-9A-Za-z@.:/+(), '\"=é\u{a0}-]{0,90}") {
        let _ = shapes(cell.as_bytes());
    }

    #[test]
    fn kinds_are_those_of_all_bytes(cell in prop::collection::vec(any::<u8>(), 0..80)) {
        let seen = cell.iter().fold(0, |seen, &byte| seen | KINDS[usize::from(byte)]);
        prop_assert_eq!(kinds_in(&cell), seen);
    }

    #[test]
    fn blanks_around_do_not_matter(at in 0..VALUES.len(), before in "[ \t\r\n]{0,3}", after in "[ \t\r\n]{0,3}") {
        let (value, _) = VALUES[at];
        let padded = format!("{before}{value}{after}");
        prop_assert_eq!(shapes(padded.as_bytes()), shapes(value.as_bytes()));
    }
}
