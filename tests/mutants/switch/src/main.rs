//! Puts all the changes that cargo-mutants lists into the source at once, each
//! behind a number: `switch::on(7)` is true where the seventh was chosen when the
//! tests began. One build then serves every change.
//!
//! `switch TREE LIST LEAVE` rewrites the files in the folder TREE; LIST is what
//! `cargo mutants --list --json` printed, LEAVE a file with the names of changes to
//! leave out, one a line. On standard output there is an object: `made`, name → number,
//! and `unviable`, the names of changes that no compiler would take. A change that cannot
//! be made so, in a constant for instance, is in neither.

mod edits;
mod find;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A change as cargo-mutants describes it.
#[derive(Deserialize)]
pub struct Mutant {
    pub name: String,
    pub file: String,
    pub genre: String,
    pub replacement: String,
    pub span: Span,
}

/// What became of the changes, by name.
#[derive(Serialize, Default)]
struct Answer<'a> {
    made: BTreeMap<&'a str, usize>,
    unviable: BTreeSet<&'a str>,
}

/// From where to where; lines and columns, in characters, are counted from 1.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub start: Place,
    pub end: Place,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [tree, list, leave] = words.as_slice() else {
        return Err("usage: switch TREE LIST LEAVE".into());
    };
    let mutants: Vec<Mutant> = serde_json::from_str(&fs::read_to_string(list)?)?;
    let leave = fs::read_to_string(leave)?;
    let leave: BTreeSet<&str> = leave.lines().collect();
    let mut by_file: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (index, mutant) in mutants.iter().enumerate() {
        if !leave.contains(mutant.name.as_str()) {
            let list = by_file.entry(&mutant.file).or_default();
            // Nought stands for none of them.
            list.push((index + 1, mutant));
        }
    }
    let mut answer = Answer::default();
    for (file, mutants) in by_file {
        let path = Path::new(tree).join(file);
        let text = fs::read_to_string(&path)?;
        let done = find::switched(&text, &mutants)?;
        fs::write(&path, done.text)?;
        for (number, mutant) in mutants {
            let name = mutant.name.as_str();
            if done.made.contains(&number) {
                answer.made.insert(name, number);
            } else if done.unviable.contains(&number) {
                answer.unviable.insert(name);
            }
        }
    }
    println!("{}", serde_json::to_string_pretty(&answer)?);
    Ok(())
}
