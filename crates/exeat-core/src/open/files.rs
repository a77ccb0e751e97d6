//! Writes the files of a volume while it is read and compared.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use super::OpenError;
use crate::manifest::{Inventory, Record};
use crate::tree::{Tree, TreeError};
use crate::verify::Visitor;

/// Gives entries their mode and time, and what else a backup kept of them.
pub(super) struct Finish<'a> {
    tree: &'a Tree<'a>,
    /// Owners and attributes, too.
    owner: bool,
    lost: Mutex<Vec<String>>,
}

impl<'a> Finish<'a> {
    pub(super) fn new(tree: &'a Tree<'a>, owner: bool) -> Self {
        Self {
            tree,
            owner,
            lost: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn file(&self, file: impl AsFd, record: &Record<'_>) -> Result<(), OpenError> {
        let frame = record.frame();
        let Some(owner) = record.owner().filter(|_| self.owner) else {
            return Ok(self.tree.finish_file(file, &frame)?);
        };
        let lost = self
            .tree
            .give_back(file, &frame, owner, record.attributes())?;
        let mut all = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(lost);
        Ok(())
    }

    pub(super) fn folder(&self, record: &Record<'_>) -> Result<(), OpenError> {
        let folder = self.tree.open_folder(&record.frame())?;
        self.file(folder, record)
    }

    pub(super) fn link(&self, record: &Record<'_>) -> Result<(), OpenError> {
        match record.owner().filter(|_| self.owner) {
            Some(owner) => Ok(self.tree.give_link(&record.frame(), owner)?),
            None => Ok(()),
        }
    }

    /// Attributes that could not be set, each with the path, escaped.
    pub(super) fn lost(self) -> Vec<String> {
        let mut lost = self
            .lost
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        lost.sort();
        lost
    }
}

/// Writes the files of one volume, with mode, time and owner as `inventory` has
/// them: that of the package which is opened, whichever package holds the file.
pub(super) struct Files<'a> {
    finish: &'a Finish<'a>,
    inventory: &'a Inventory,
    current: Option<Current<'a>>,
}

struct Current<'a> {
    file: File,
    record: Record<'a>,
}

impl<'a> Files<'a> {
    pub(super) fn new(finish: &'a Finish<'a>, inventory: &'a Inventory) -> Self {
        Self {
            finish,
            inventory,
            current: None,
        }
    }
}

const ORDER: &str = "data comes between the beginning and the end of a file";

impl<'a> Visitor<'a> for Files<'a> {
    type Error = OpenError;

    fn begin(&mut self, record: Record<'a>, at: u64) -> Result<(), OpenError> {
        let index = self.inventory.find(record.path().as_bytes());
        let record = self
            .inventory
            .entry(index.expect("what is wanted is in the inventory"));
        let tree = self.finish.tree;
        let file = if record.parts().is_empty() {
            tree.make_file(&record.frame())?
        } else {
            tree.continue_file(&record.frame(), at)?
        };
        self.current = Some(Current { file, record });
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        let Current { file, record } = self.current.as_mut().expect(ORDER);
        let written = file.write_all(bytes);
        written.map_err(|e| TreeError::new(&record.frame(), e).into())
    }

    fn end(&mut self) -> Result<(), OpenError> {
        let Current { file, record } = self.current.take().expect(ORDER);
        if record.parts().is_empty() {
            self.finish.file(&file, &record)?;
        }
        Ok(())
    }
}
