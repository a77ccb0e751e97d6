//! Office documents and workbooks that are ZIP archives. To be written.

use crate::input::Window;
use crate::output::Output;
use crate::problem::Problem;

/// Reads a ZIP archive that is an office document, told by the names of its
/// members; `None` where it is none.
pub(crate) fn read(
    _window: &Window,
    _names: &[&[u8]],
    _out: &mut Output,
) -> Option<Result<(), Problem>> {
    None
}
