//! What a pivot table keeps of the rows it was made from: they stay in the
//! file when their sheet is gone. Put together as the table they were.

use exeat_core::inspect::reader::Reason;

use super::grid::Grid;
use super::markup::{Markup, Node};
use super::package::Package;
use super::strings::unescape;
use crate::output::Output;
use crate::problem::Problem;

/// The most bytes of all values that rows share.
const MAX_SHARED: usize = 16 << 20;

#[derive(Default)]
struct Field {
    name: String,
    shared: Vec<String>,
}

/// Reads cached records, with the definition whose number they bear.
pub(super) fn read(package: &Package, at: usize, out: &mut Output) -> Result<(), Problem> {
    let name = package.members.get(at).map(|member| member.lower());
    let definition = name.map(|name| name.replace("pivotcacherecords", "pivotcachedefinition"));
    let definition = definition.and_then(|name| package.find(&name));
    let fields = match definition {
        Some(definition) => fields(package, definition, out)?,
        None => Vec::new(),
    };
    let mut grid = Grid::default();
    for (column, field) in fields.iter().enumerate() {
        grid.cell(column, &field.name);
    }
    grid.end_row(1, out)?;
    let read = records(package, at, &fields, &mut grid, out);
    grid.end(out)?;
    read
}

fn fields(package: &Package, at: usize, out: &Output) -> Result<Vec<Field>, Problem> {
    let mut markup = Markup::new(package.reader(at, out)?);
    let mut fields: Vec<Field> = Vec::new();
    let mut in_shared = false;
    let mut bytes = 0;
    loop {
        match markup.next()? {
            Node::Start(tag) => match tag.local() {
                "cacheField" => fields.push(Field {
                    name: unescape(&tag.attribute("name")?.unwrap_or_default()),
                    shared: Vec::new(),
                }),
                "sharedItems" => in_shared = true,
                "s" | "n" | "d" | "b" | "e" | "m" if in_shared => {
                    let value = unescape(&tag.attribute("v")?.unwrap_or_default());
                    bytes += value.len() + 24;
                    if bytes > MAX_SHARED {
                        return Err(Reason::PartTooLarge.into());
                    }
                    if let Some(field) = fields.last_mut() {
                        field.shared.push(value);
                    }
                }
                _ => {}
            },
            Node::End(name) if name == "sharedItems" => in_shared = false,
            Node::Done => return Ok(fields),
            _ => {}
        }
    }
}

fn records(
    package: &Package,
    at: usize,
    fields: &[Field],
    grid: &mut Grid,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut markup = Markup::new(package.reader(at, out)?);
    let mut row = 1;
    let mut column = 0_usize;
    loop {
        match markup.next()? {
            Node::Start(tag) => {
                let value = || tag.attribute("v").map(Option::unwrap_or_default);
                match tag.local() {
                    "r" => column = 0,
                    "x" => {
                        let place = value()?.parse::<usize>().ok();
                        let field = fields.get(column);
                        let text = place.and_then(|place| field?.shared.get(place));
                        grid.cell(column, text.ok_or(Reason::Damaged)?);
                        column += 1;
                    }
                    "s" | "n" | "b" | "e" | "m" => {
                        grid.cell(column, &unescape(&value()?));
                        column += 1;
                    }
                    "d" => {
                        let value = value()?;
                        let day = value.strip_suffix("T00:00:00").unwrap_or(&value);
                        grid.cell(column, &day.replacen('T', " ", 1));
                        column += 1;
                    }
                    _ => {}
                }
            }
            Node::Text(text) => grid.beside(&text),
            Node::Remark(text) => grid.beside(&text),
            Node::End(name) if name == "r" => {
                row += 1;
                grid.end_row(row, out)?;
            }
            Node::Done => return Ok(()),
            Node::End(_) => {}
        }
    }
}
