//! `[inspection] columns`: which columns hold what, where nothing but the
//! policy says so.

use std::collections::BTreeMap;

use super::Check;
use crate::inspect::{Class, ColumnName};
use crate::policy::config::{COLUMNS, ColumnsConfig};
use crate::policy::rules::{Columns, Rule};

/// The longest name of columns, in bytes.
const MAX_NAME: usize = 200;

impl Check<'_, '_> {
    pub(super) fn columns(&mut self, given: Vec<ColumnsConfig>) -> Columns {
        let mut columns = BTreeMap::new();
        for item in given {
            // Names are looked at, too, where the class is wrong.
            let known = Class::ALL.map(|class| (class.name(), class));
            let class = item
                .class
                .and_then(|class| self.choice(&class, COLUMNS, &known));
            let Some(names) = item.named else { continue };
            let origin = self.origin(&item.place);
            for text in names.into_inner() {
                if !self.is_plain(&text, COLUMNS, MAX_NAME) {
                    continue;
                }
                match (ColumnName::parse(text.get_ref()), class) {
                    (Ok(name), Some(class)) => {
                        let rule = Rule {
                            value: text.into_inner(),
                            origin: origin.clone(),
                        };
                        let named = (class, name);
                        // Once more, in other words, is as good as once.
                        let rule = match columns.get(&named) {
                            Some(held) => rule.first(held),
                            None => rule,
                        };
                        columns.insert(named, rule);
                    }
                    (Ok(_), None) => {}
                    (Err(reason), _) => self.bad(text.span(), COLUMNS, text.get_ref(), reason),
                }
            }
        }
        columns
    }
}
