//! One table in every written form that inspection reads.

use crate::look::{File, file};

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[&str], rows: Vec<Vec<String>>) -> Self {
        let columns = columns.iter().map(|&name| name.to_owned()).collect();
        Self { columns, rows }
    }

    /// A table of one column.
    pub(crate) fn column(name: &str, values: &[String]) -> Self {
        let rows = values.iter().map(|value| vec![value.clone()]).collect();
        Self::new(&[name], rows)
    }

    /// A counter and a made-up unit beside what there is.
    pub(crate) fn beside_others(mut self) -> Self {
        self.columns.insert(0, "row".to_owned());
        self.columns.push("unit".to_owned());
        for (number, row) in self.rows.iter_mut().enumerate() {
            row.insert(0, (number + 1).to_string());
            row.push(["north", "south", "east"][number % 3].to_owned());
        }
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Csv,
    /// Every value in quotes.
    Quoted,
    Tsv,
    Semicolon,
    Pipe,
    Json,
    /// All digits as numbers, not strings.
    JsonNumbers,
    JsonLines,
    Insert,
    Copy,
}

impl Layout {
    pub(crate) const ALL: [Self; 10] = [
        Self::Csv,
        Self::Quoted,
        Self::Tsv,
        Self::Semicolon,
        Self::Pipe,
        Self::Json,
        Self::JsonNumbers,
        Self::JsonLines,
        Self::Insert,
        Self::Copy,
    ];

    pub(crate) fn delimiter(self) -> Option<char> {
        match self {
            Self::Csv | Self::Quoted => Some(','),
            Self::Tsv => Some('\t'),
            Self::Semicolon => Some(';'),
            Self::Pipe => Some('|'),
            _ => None,
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Tsv => "tsv",
            Self::Pipe => "txt",
            Self::Json | Self::JsonNumbers => "json",
            Self::JsonLines => "jsonl",
            Self::Insert | Self::Copy => "sql",
            Self::Csv | Self::Quoted | Self::Semicolon => "csv",
        }
    }

    pub(crate) fn file(self, name: &str, table: &Table) -> File {
        file(format_args!("{name}.{}", self.ending()), self.write(table))
    }

    pub(crate) fn write(self, table: &Table) -> String {
        if self.delimiter().is_some() {
            return self.line(&table.columns) + &self.lines(&table.rows);
        }
        let rows = table.rows.iter();
        match self {
            Self::Insert => rows.map(|row| insert(&table.columns, row)).collect(),
            Self::Copy => {
                let body: String = rows.map(|row| row.join("\t") + "\n").collect();
                let columns: Vec<String> = table
                    .columns
                    .iter()
                    .map(|name| format!("\"{name}\""))
                    .collect();
                let columns = columns.join(", ");
                format!(
                    "--\n-- PostgreSQL database dump\n--\n\nCOPY public.register ({columns}) FROM stdin;\n{body}\\.\n\n"
                )
            }
            Self::JsonLines => rows
                .map(|row| object(&table.columns, row, false) + "\n")
                .collect(),
            _ => {
                let numbers = self == Self::JsonNumbers;
                let objects: Vec<String> = rows
                    .map(|row| object(&table.columns, row, numbers))
                    .collect();
                format!("[\n{}\n]\n", objects.join(",\n"))
            }
        }
    }

    /// Rows without a header, in a delimited form.
    pub(crate) fn lines(self, rows: &[Vec<String>]) -> String {
        rows.iter().map(|row| self.line(row)).collect()
    }

    pub(crate) fn line(self, row: &[String]) -> String {
        let delimiter = self.delimiter().unwrap_or(',');
        let cells: Vec<String> = row
            .iter()
            .map(
                |cell| match self == Self::Quoted || cell.contains([delimiter, '"', '\n']) {
                    true => format!("\"{}\"", cell.replace('"', "\"\"")),
                    false => cell.clone(),
                },
            )
            .collect();
        cells.join(&delimiter.to_string()) + "\n"
    }
}

fn insert(columns: &[String], row: &[String]) -> String {
    let values: Vec<String> = row
        .iter()
        .map(|cell| format!("'{}'", cell.replace('\'', "''")))
        .collect();
    let columns: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    format!("INSERT INTO register ({columns}) VALUES ({values});\n")
}

fn object(columns: &[String], row: &[String], numbers: bool) -> String {
    let members: Vec<String> = columns
        .iter()
        .zip(row)
        .map(|(name, cell)| {
            let is_number = numbers
                && cell.bytes().all(|byte| byte.is_ascii_digit())
                && !cell.starts_with('0')
                && !cell.is_empty();
            match is_number {
                true => format!("{}: {cell}", string(name)),
                false => format!("{}: {}", string(name), string(cell)),
            }
        })
        .collect();
    format!("{{{}}}", members.join(", "))
}

pub(crate) fn string(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}
