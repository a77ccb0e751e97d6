//! A table of people calls the number of its rows `id`; other tables of the
//! dump call the same number `patient_id`. Here it gets the table's name
//! before it, so that both are known as the same.

use crate::inspect::identifier::link;

/// The columns of a table, with the name of its rows' own number made whole.
pub(super) fn named(table: &[u8], mut columns: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let own = columns
        .iter()
        .position(|column| column.eq_ignore_ascii_case(b"id"));
    if let Some(own) = own
        && let Some(name) = whole(table)
        && !columns.iter().any(|column| same(column) == same(&name))
    {
        columns[own] = name;
    }
    columns
}

/// The name that all writings of it share, if it links at all.
fn same(column: &[u8]) -> Option<String> {
    link(column).map(|link| link.name)
}

/// `patient.id` for a table of patients.
fn whole(table: &[u8]) -> Option<Vec<u8>> {
    let last = table.rsplit(|&byte| byte == b'.').next()?;
    let one = [last.strip_suffix(b"s"), last.strip_suffix(b"S")];
    one.into_iter()
        .flatten()
        .chain([last])
        .map(|name| [name, b".id"].concat())
        .find(|name| link(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(table: &str, columns: &[&str]) -> String {
        let columns = columns.iter().map(|name| name.as_bytes().to_vec());
        let columns = named(table.as_bytes(), columns.collect());
        String::from_utf8(columns[0].clone()).expect("the names are text")
    }

    #[test]
    fn a_table_of_people_names_its_rows() {
        assert_eq!(first("public.patients", &["id", "name"]), "patient.id");
        assert_eq!(first("Patient", &["ID", "name"]), "Patient.id");
        assert_eq!(first("dbo.PERSON", &["Id"]), "PERSON.id");
        assert_eq!(first("students", &["id"]), "student.id");
        assert_eq!(first("people", &["id"]), "people.id");
    }

    #[test]
    fn other_tables_and_numbers_stay() {
        assert_eq!(first("results", &["id", "value"]), "id");
        assert_eq!(first("consultants", &["id", "name"]), "id");
        assert_eq!(first("patients", &["key", "name"]), "key");
        // That number is another's.
        assert_eq!(first("patients", &["id", "patient_id"]), "id");
        assert_eq!(first("", &["id"]), "id");
    }
}
