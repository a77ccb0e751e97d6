//! SQLite databases: every table's rows, the log's as well, and what is left of
//! rows that were deleted.
//!
//! The file format is read here, without SQLite's library: it is small and has
//! not changed for twenty years; the library needs a file system of its own to
//! read what is already open, which takes unsafe code, or a C compiler's
//! parser at build time; it refuses a whole database for one line of its
//! schema that it does not know (a module, a collation); and it shows neither
//! free pages nor what stands between rows, which leave with the file as well.
//!
//! With a log, the database is read twice: as its file has it, and as whoever
//! opens it sees it. Views and triggers are passed on as the statements that
//! made them, and never run.
//!
//! Not seen: numbers of deleted rows whose first bytes were overwritten (their
//! text is), text of fewer than six characters of those, and what an index
//! holds beside the rows of its table, though not that it does.

mod log;
mod pages;
mod record;
mod remains;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod tree;

use exeat_core::inspect::reader::Reason;

use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;
use log::Log;
use pages::{Pages, number};
use record::{Record, Value, utf16};
use remains::Remains;
use tree::{Reached, Walk};

/// The most tables and indices.
const MAX_OBJECTS: usize = 100_000;
/// The most bytes of statements of a schema.
const MAX_SCHEMA: usize = 16 << 20;
/// Bytes at the end of each page that are set aside: checksums and the like.
const MAX_RESERVED: usize = 16;

/// Something that the schema lists.
#[derive(Debug, Default)]
struct Object {
    is_table: bool,
    is_index: bool,
    /// What reads it: of a virtual table.
    is_virtual: bool,
    name: Vec<u8>,
    /// Of an index: its table.
    table: Vec<u8>,
    root: u32,
    sql: Vec<u8>,
}

pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let window = input.into_window()?;
    let log = match out.log().map(Log::read) {
        None | Some(Ok(None)) => None,
        Some(Ok(log)) => log,
        Some(Err(Problem::Unread(reason))) => {
            out.within(b"log", |out| out.uninspected(reason))?;
            None
        }
        Some(Err(gone)) => return Err(gone),
    };
    let pages = Pages::new(&window, None);
    let mut size = None;
    match pages {
        Ok(pages) => {
            size = Some(pages.size);
            read_state(&pages, out, true)?;
        }
        // Before the first checkpoint there is nothing but the log.
        Err(Problem::Unread(reason)) if log.is_none() || window.len() > 0 => {
            return Err(reason.into());
        }
        Err(Problem::Unread(_)) => {}
        Err(gone) => return Err(gone),
    }
    let Some(log) = log else {
        return Ok(());
    };
    if size.is_some_and(|size| log.page_size().ok() != Some(size)) {
        return out.within(b"log", |out| out.uninspected(Reason::Damaged));
    }
    let pages = match log.count {
        0 => Pages::new(&window, None)?,
        _ => {
            let pages = Pages::new(&window, Some(&log))?;
            read_state(&pages, out, false)?;
            pages
        }
    };
    let mut remains = Remains::new(&pages, out);
    let mut page = vec![0; pages.size];
    for &at in &log.others {
        if log.window.read_at(&mut page, at)? == page.len() {
            remains.page(&page);
            remains.pass_on(256 << 10)?;
        }
    }
    remains.end()?;
    match log.is_cut {
        true => out.within(b"log", |out| out.uninspected(Reason::CutShort)),
        false => Ok(()),
    }
}

/// Reads a state of the database. `is_main`: as its file has it, with what is
/// left of deleted rows.
fn read_state(pages: &Pages, out: &mut Output, is_main: bool) -> Result<(), Problem> {
    let mut reached = Reached::new(pages.present);
    let mut wrong = None;
    let objects = objects(pages, &mut reached, &mut wrong)?;
    let mut statements = Vec::new();
    for object in &objects {
        if !object.sql.is_empty() {
            statements.extend_from_slice(&object.sql);
            statements.extend_from_slice(b";\n");
        }
    }
    if !statements.is_empty() {
        out.spend(statements.len() as u64)?;
        out.within(b"schema", |out| out.text(&statements))?;
    }
    let mut counts = std::collections::HashMap::new();
    for object in objects.iter().filter(|object| object.is_table) {
        let rows = match rows::read(pages, object, &objects, &mut reached, out) {
            Ok(rows) => rows,
            Err(Problem::Unread(reason @ (Reason::TooLarge | Reason::TooMany))) => {
                return Err(reason.into());
            }
            Err(Problem::Unread(reason)) => {
                out.within(&object.name, |out| out.uninspected(reason))?;
                None
            }
            Err(gone) => return Err(gone),
        };
        counts.insert(&object.name, rows);
    }
    for object in objects.iter().filter(|object| object.is_index) {
        let mut walk = Walk::new(pages, &mut reached);
        walk.tree(object.root, &mut |_, _| Ok(()))?;
        let (rows, broken) = (walk.rows, walk.wrong);
        // One with rows of its own, or of no table, is not made by SQLite.
        let is_more = match counts.get(&object.table) {
            Some(of_table) => of_table.is_some_and(|of_table| rows > of_table),
            None => true,
        };
        if broken.is_some() || is_more {
            wrong = wrong.or(broken).or(Some(Reason::Damaged));
        }
    }
    free_pages(pages, &mut reached, &mut wrong)?;
    if is_main {
        let lost = (1..=pages.present)
            .filter(|&place| !free_is_known(pages, &reached, place))
            .any(|place| !is_empty(pages, place));
        let mut remains = Remains::new(pages, out);
        remains.pages(pages, &reached, |_| true)?;
        let is_end = match pages.behind() {
            Some(behind) => remains.behind(&behind)?,
            None => true,
        };
        remains.end()?;
        if lost && wrong.is_none() || !is_end || pages.size - pages.usable > MAX_RESERVED {
            out.uninspected(Reason::Unaccounted)?;
        }
    } else {
        let mut remains = Remains::new(pages, out);
        remains.pages(pages, &reached, |place| pages.is_logged(place))?;
        remains.end()?;
    }
    if pages.present < pages.count {
        wrong = Some(Reason::CutShort);
    }
    match wrong {
        Some(reason) => out.uninspected(reason),
        None => Ok(()),
    }
}

fn free_is_known(pages: &Pages, reached: &Reached, place: u32) -> bool {
    reached.has(place) || reached.is_free(place) || pages.is_special(place)
}

fn is_empty(pages: &Pages, place: u32) -> bool {
    let mut page = Vec::new();
    pages.read(place, &mut page).is_ok() && page.iter().all(|&byte| byte == 0)
}

/// Everything that the schema lists.
fn objects(
    pages: &Pages,
    reached: &mut Reached,
    wrong: &mut Option<Reason>,
) -> Result<Vec<Object>, Problem> {
    let mut objects = vec![Object {
        name: b"sqlite_schema".to_vec(),
        ..Object::default()
    }];
    let mut bytes = 0;
    let mut walk = Walk::new(pages, reached);
    walk.tree(1, &mut |_, record| {
        let mut record = Record::new(record)?;
        let mut next = || -> Result<Vec<u8>, Problem> {
            Ok(match record.next()?.unwrap_or(Value::Null) {
                Value::Text(text) if pages.encoding == pages::Encoding::Utf8 => text.to_vec(),
                Value::Text(text) => utf16(text, pages.encoding),
                Value::Integer(value) => value.to_string().into_bytes(),
                _ => Vec::new(),
            })
        };
        let (kind, name, table, root, sql) = (next()?, next()?, next()?, next()?, next()?);
        bytes += sql.len();
        if objects.len() >= MAX_OBJECTS || bytes > MAX_SCHEMA {
            return Err(Reason::TooMany.into());
        }
        let root = String::from_utf8(root)
            .ok()
            .and_then(|root| root.parse().ok());
        let root = root.unwrap_or(0);
        objects.push(Object {
            is_table: kind == b"table" && root > 0,
            is_index: kind == b"index" && root > 0,
            is_virtual: kind == b"table" && root == 0,
            name,
            table,
            root,
            sql,
        });
        Ok(())
    })?;
    *wrong = walk.wrong;
    Ok(objects)
}

/// The list of pages that are free.
fn free_pages(
    pages: &Pages,
    reached: &mut Reached,
    wrong: &mut Option<Reason>,
) -> Result<(), Problem> {
    let mut page = Vec::new();
    let mut next = pages.free;
    while next != 0 {
        let read = match reached.has(next) || !reached.add_free(next) {
            true => Err(Reason::Damaged.into()),
            false => pages.read(next, &mut page),
        };
        match read {
            Ok(()) => {}
            Err(Problem::Unread(reason)) => {
                wrong.get_or_insert(reason);
                return Ok(());
            }
            Err(gone) => return Err(gone),
        }
        let count = usize::try_from(number(&page, 4)).unwrap_or(usize::MAX);
        let most = pages.usable / 4 - 2;
        for place in 0..count.min(most) {
            let leaf = number(&page, 8 + place * 4);
            if reached.has(leaf) || !reached.add_free(leaf) {
                wrong.get_or_insert(Reason::Damaged);
            }
        }
        if count > most {
            wrong.get_or_insert(Reason::Damaged);
        }
        next = number(&page, 0);
    }
    Ok(())
}
