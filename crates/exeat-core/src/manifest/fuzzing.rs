//! For `tests/fuzz`: inventories.

use super::{Inventory, InventoryError};
use crate::framing::PayloadKind;

/// Reads an inventory.
///
/// # Errors
/// As whoever reads a package has them.
pub fn inventory(bytes: &[u8], kind: PayloadKind) -> Result<Inventory, InventoryError> {
    Inventory::read(bytes, kind)
}
