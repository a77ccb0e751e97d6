//! Writes the made-up clinic that `exeat demo` shows the tool on: tables, letters, scans and a
//! symbolic link.
//!
//! It has to look like health data to the inspection, and must not be anyone's: see `people` for
//! where its identifiers come from. The same bytes come out on each run and platform, so that what
//! the demonstration prints, and the manual quotes, can be tested.

mod letters;
mod people;
mod png;

use exeat_core::path::shown;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use people::{Dice, Patient};

const SEED: u64 = 0x6578_6561_7400_0001;
const PATIENTS: usize = 1000;
const LETTERS: usize = 24;
const SCANS: usize = 6;
/// The side of a scan in pixels: above the 128 up to which the policy takes a picture for an icon.
const SIDE: u32 = 256;

/// Test, unit, lowest value, number of values, and the decimal places that both are given in.
const TESTS: [(&str, &str, u32, u32, usize); 9] = [
    ("Haemoglobin", "g/L", 92, 84, 0),
    ("HbA1c", "mmol/mol", 30, 70, 0),
    ("Sodium", "mmol/L", 128, 20, 0),
    ("Potassium", "mmol/L", 32, 27, 1),
    ("Creatinine", "umol/L", 45, 160, 0),
    ("Cholesterol, total", "mmol/L", 29, 50, 1),
    ("Thyroid stimulating hormone", "mU/L", 15, 940, 2),
    ("C-reactive protein", "mg/L", 1, 90, 0),
    ("Ferritin, serum", "µg/L", 6, 390, 0),
];

/// What [`write()`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clinic {
    /// Distinct patients: the rows of `patients.csv`.
    pub(crate) patients: usize,
    /// Clinic letters, each about another of the patients.
    pub(crate) letters: usize,
    /// Pictures, which name nobody.
    pub(crate) scans: usize,
    /// The sizes of all files together; the symbolic link has none.
    pub(crate) bytes: u64,
}

/// Fills a directory, which must exist and be empty, with the made-up clinic.
///
/// # Errors
/// If a file cannot be created (one of the same name is never replaced) or written. The error names
/// the path; what was written before it stays.
pub(crate) fn write(dir: &Path) -> io::Result<Clinic> {
    let mut dice = Dice::new(SEED);
    let patients = people::patients(&mut dice, PATIENTS);
    let mut bytes = 0;
    let mut put = |name: &str, content: &[u8]| {
        bytes += content.len() as u64;
        let path = dir.join(name);
        // `create_new`: a demonstration started in the wrong directory must not cost a file, nor
        // follow a link.
        fs::File::create_new(&path)
            .and_then(|mut file| file.write_all(content))
            .map_err(at(&path))
    };

    put("patients.csv", patients_csv(&patients).as_bytes())?;
    put("results.csv", results_csv(&mut dice, &patients).as_bytes())?;

    create_dir(&dir.join("letters"))?;
    // Evenly spread over the table, and so about different patients.
    for (number, patient) in (1..).zip(patients.iter().step_by(PATIENTS / LETTERS).take(LETTERS)) {
        put(
            &format!("letters/{number:04}.txt"),
            letters::letter(&mut dice, patient).as_bytes(),
        )?;
    }

    create_dir(&dir.join("scans"))?;
    for number in 1..=SCANS {
        put(&format!("scans/{number:04}.png"), &scan(&mut dice))?;
    }

    let link = dir.join("latest.txt");
    std::os::unix::fs::symlink(format!("letters/{LETTERS:04}.txt"), &link).map_err(at(&link))?;

    Ok(Clinic {
        patients: PATIENTS,
        letters: LETTERS,
        scans: SCANS,
        bytes,
    })
}

fn create_dir(path: &Path) -> io::Result<()> {
    fs::create_dir(path).map_err(at(path))
}

fn at(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", shown(path)))
}

fn patients_csv(patients: &[Patient]) -> String {
    let header = "nhs_number,family_name,given_name,date_of_birth,sex,postcode,telephone,email,registered_on\r\n";
    let rows = patients.iter().map(|patient| {
        row(&[
            &patient.nhs_number,
            &patient.family_name,
            &patient.given_name,
            &patient.date_of_birth,
            patient.sex,
            &patient.postcode,
            &patient.telephone,
            &patient.email,
            &patient.registered_on,
        ])
    });
    header
        .chars()
        .chain(rows.collect::<String>().chars())
        .collect()
}

/// From none to six results for each patient, three on average.
fn results_csv(dice: &mut Dice, patients: &[Patient]) -> String {
    let mut table = String::from("nhs_number,specimen_date,test,value,unit\r\n");
    for patient in patients {
        for _ in 0..dice.below(7) {
            let (test, unit, lowest, range, places) = dice.pick(&TESTS);
            let date = dice.date(2023, 3);
            let value = decimal(lowest + dice.below(range), places);
            table += &row(&[&patient.nhs_number, &date, test, &value, unit]);
        }
    }
    table
}

/// Whole numbers with a point put in: no floating point, whose printing could differ.
fn decimal(value: u32, places: usize) -> String {
    let mut digits = format!("{value:0width$}", width = places + 1);
    if places > 0 {
        digits.insert(digits.len() - places, '.');
    }
    digits
}

/// A line of CSV as RFC 4180 has it: quoted where needed, quotation marks doubled, ended by CR LF.
fn row(fields: &[&str]) -> String {
    let quoted = fields.iter().map(|field| {
        if field.contains([',', '"', '\r', '\n']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            (*field).to_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}

/// A slope of grey under noise: a picture to any viewer, and of nothing.
fn scan(dice: &mut Dice) -> Vec<u8> {
    let (across, down) = (1 + dice.below(4), 1 + dice.below(4));
    let steepest = (across + down) * SIDE;
    let mut pixels = Vec::with_capacity((SIDE * SIDE) as usize);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let grey = (across * x + down * y) * 192 / steepest + dice.below(64);
            pixels.push(u8::try_from(grey).expect("a slope below 192 and noise below 64"));
        }
    }
    png::grey(SIDE, SIDE, &pixels)
}

#[cfg(test)]
mod tests;
