//! Why content counts as uninspected, as a number between processes and as
//! words for people. A fixed list, so that no value of what was read can
//! stand in it.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal => $text:literal,)*) => {
        /// Why something could not be inspected.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its number between processes.
            #[must_use]
            pub fn code(self) -> u8 {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What people read: a lowercase fragment.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

reasons! {
    /// Its structure is broken, or not what its beginning says.
    Damaged = 1 => "damaged, or not what it seems",
    /// It ends before it should.
    CutShort = 2 => "cut short",
    /// Encrypted: the reader has no key, and wants none.
    Encrypted = 3 => "encrypted",
    /// Protected by a password in a way that counts as plaintext.
    WeaklyProtected = 4 => "protected by a password that is no encryption worth the name",
    /// Containers in containers, more than eight deep.
    TooDeep = 5 => "containers within containers, more than eight deep",
    /// It expands to more than is read: see [`super::protocol::expansion_limit`].
    TooLarge = 6 => "expands to too much to be read",
    /// More members than are read.
    TooMany = 7 => "too many members",
    /// A part of it is larger than a reader may hold.
    PartTooLarge = 8 => "a part of it is too large to be read",
    /// A variant of the format that no reader knows.
    Unsupported = 9 => "a variant of its format that cannot be read",
    /// Text in a font or encoding that does not say what its letters are.
    Illegible = 10 => "text that cannot be told from its font",
    /// Bytes that belong to no part of it.
    Unaccounted = 11 => "data that belongs to no part of it",
    /// It expands entities, or declares some.
    Entities = 12 => "XML that declares entities of its own",
    /// It changed while it was read.
    Changed = 13 => "changed while it was read",
    /// The system did not give what was asked for.
    Unreadable = 14 => "could not be read from the disk",
    /// A fault of the reader: a parser panicked.
    Fault = 15 => "a fault in its reader",
    /// A part that no reader knows, such as a macro or an embedded object.
    Foreign = 16 => "a part in it that is not read",
    /// The write-ahead log of a database that is not there.
    LogWithoutDatabase = 17 => "the write-ahead log of a database that is not with it",
    /// An image format whose size cannot be told.
    UnknownImage = 18 => "an image of unknown size",
    /// A legacy document.
    LegacyDocument = 19 => "an old Office document",
    /// A link or device in an archive, or a name that leads out of it.
    OddMember = 20 => "a member that is no file, or whose name leads out of it",
    /// Encrypted columns or pages.
    PartlyEncrypted = 21 => "encrypted in part",
}

impl Reason {
    /// The reason with this number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_a_number_of_its_own() {
        let codes: HashSet<u8> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
            assert!(!reason.text().is_empty());
        }
        assert_eq!(Reason::from_code(0), None);
        assert_eq!(Reason::from_code(255), None);
    }
}
