//! To be written.

use exeat_core::inspect::reader::Reason;

use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;

pub(crate) fn read(_input: Input<'_>, _out: &mut Output) -> Result<(), Problem> {
    Err(Reason::Unsupported.into())
}
