//! Only what the tests of office files need, until there is more.

use exeat_core::inspect::reader::Reason;

use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;

pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let window = input.into_window()?;
    let names = crate::office::names(&window)?;
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    match crate::office::read(&window, &names, out) {
        Some(read) => read,
        None => Err(Reason::Unsupported.into()),
    }
}
