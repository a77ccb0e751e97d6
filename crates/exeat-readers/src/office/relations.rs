//! Which part of a package refers to which other, and to what outside of it.

use std::collections::HashMap;

use super::markup::{Markup, Node};
use super::package::Package;
use crate::output::Output;
use crate::problem::Problem;

/// A relation of a part to another.
pub(super) struct Relation {
    pub(super) id: String,
    kind: String,
    /// The other, if it is in the package and is there.
    pub(super) member: Option<usize>,
}

impl Relation {
    /// Whether it is of this kind, by the last word of the kind's name.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

/// The relations of a member; none where it has none.
pub(super) fn relations(
    package: &Package,
    of: usize,
    out: &Output,
) -> Result<Vec<Relation>, Problem> {
    let name = package.members.get(of).map(|member| member.lower());
    let name = name.unwrap_or_default();
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", &name));
    let path = match folder {
        "" => format!("_rels/{file}.rels"),
        _ => format!("{folder}/_rels/{file}.rels"),
    };
    read(package, &path, folder, out)
}

/// The main part of the package.
pub(super) fn main_part(package: &Package, out: &Output) -> Result<Option<usize>, Problem> {
    let relations = read(package, "_rels/.rels", "", out)?;
    let main = relations.iter().find(|one| one.is("officeDocument"));
    Ok(main.and_then(|relation| relation.member))
}

fn read(
    package: &Package,
    path: &str,
    folder: &str,
    out: &Output,
) -> Result<Vec<Relation>, Problem> {
    let Some(at) = package.find(path) else {
        return Ok(Vec::new());
    };
    let places = package.members.iter().enumerate();
    let places: HashMap<String, usize> = places.map(|(at, one)| (one.lower(), at)).collect();
    let mut markup = Markup::new(package.reader(at, out)?);
    let mut relations = Vec::new();
    loop {
        match markup.next()? {
            Node::Start(tag) if tag.local() == "Relationship" => {
                let target = tag.attribute("Target")?.unwrap_or_default();
                let path = resolve(folder, &target.to_ascii_lowercase());
                let mode = tag.attribute("TargetMode")?;
                let is_outside = mode.is_some_and(|mode| mode == "External");
                relations.push(Relation {
                    id: tag.attribute("Id")?.unwrap_or_default(),
                    kind: tag.attribute("Type")?.unwrap_or_default(),
                    member: places.get(&path).copied().filter(|_| !is_outside),
                });
            }
            Node::Done => return Ok(relations),
            _ => {}
        }
    }
}

/// The path of a target, seen from a folder.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut path: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').filter(|name| !name.is_empty()).collect(),
    };
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_seen_from_their_folder() {
        assert_eq!(
            resolve("xl", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml"
        );
        assert_eq!(resolve("xl", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(
            resolve("xl/worksheets", "../comments1.xml"),
            "xl/comments1.xml"
        );
        assert_eq!(resolve("", "word/document.xml"), "word/document.xml");
    }
}
