//! Macros of a document: their source is text that was compressed in a way of
//! its own; so is what their project is called. What is compiled is not read.

use exeat_core::inspect::reader::Reason;

use crate::output::Output;
use crate::problem::Problem;

/// Says that there are macros.
pub(super) fn read(_bytes: Vec<u8>, out: &mut Output) -> Result<(), Problem> {
    out.uninspected(Reason::Foreign)
}
