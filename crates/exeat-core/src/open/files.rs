//! Writes the files of a volume while it is read and compared.

use std::fs::File;
use std::io::Write as _;

use super::OpenError;
use crate::manifest::Record;
use crate::tree::{Tree, TreeError};
use crate::verify::Visitor;

/// Writes the files of one volume.
pub(super) struct Files<'a> {
    tree: &'a Tree<'a>,
    current: Option<Current<'a>>,
}

struct Current<'a> {
    file: File,
    record: Record<'a>,
}

impl<'a> Files<'a> {
    pub(super) fn new(tree: &'a Tree<'a>) -> Self {
        Self {
            tree,
            current: None,
        }
    }
}

const ORDER: &str = "data comes between the beginning and the end of a file";

impl<'a> Visitor<'a> for Files<'a> {
    type Error = OpenError;

    fn begin(&mut self, record: Record<'a>, at: u64) -> Result<(), OpenError> {
        let file = if record.parts().is_empty() {
            self.tree.make_file(&record.frame())?
        } else {
            self.tree.continue_file(&record.frame(), at)?
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
            self.tree.finish_file(&file, &record.frame())?;
        }
        Ok(())
    }
}
