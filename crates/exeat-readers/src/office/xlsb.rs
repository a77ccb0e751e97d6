//! To be written.

use std::collections::HashSet;

use exeat_core::inspect::reader::Reason;

use super::package::Package;
use crate::output::Output;
use crate::problem::Problem;

pub(super) fn read(
    _package: &Package,
    _main: usize,
    _done: &mut HashSet<usize>,
    _out: &mut Output,
) -> Result<(), Problem> {
    Err(Reason::Unsupported.into())
}
