//! What several fuzz targets need: fixed keys, and input taken apart.

#[cfg(feature = "readers")]
pub mod readers;

use std::sync::LazyLock;

use exeat_core::keys::{Identities, IdentityFile, Recipient};
use exeat_core::signature::SigningKey;

/// A key that signs, the same in every run, so that a corpus stays of use.
pub static SIGNER: LazyLock<SigningKey> = LazyLock::new(|| {
    let text = include_bytes!("../keys/signing");
    SigningKey::from_openssh(text, None).expect("a key without a passphrase")
});

/// An identity that is the same in every run, and its recipient.
pub static IDENTITY: LazyLock<(Identities, Recipient)> = LazyLock::new(|| {
    let text = include_bytes!("../keys/identity").to_vec();
    let file = IdentityFile::parse(zeroize::Zeroizing::new(text.clone()));
    let Ok(IdentityFile::Plain(identities)) = file else {
        panic!("an identity in the clear");
    };
    let text = std::str::from_utf8(&text).expect("text");
    let secret: age::x25519::Identity = text.trim().parse().expect("an identity");
    let recipient = Recipient::parse(&secret.to_public().to_string()).expect("a recipient");
    (identities, recipient)
});

/// Takes the input of a target apart, from its beginning.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte; 0 behind the end.
    pub fn byte(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }

    /// The next two bytes as a number.
    pub fn short(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// So many bytes, or as many as are left.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes behind their length, which has two bytes.
    pub fn field(&mut self) -> &'a [u8] {
        let length = self.short();
        self.take(length)
    }

    /// All that is left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// Whether the pattern matches, as `ssh_config(5)` says it: a second way to
/// write it, slow and plain.
#[must_use]
pub fn matches_plainly(pattern: &[u8], text: &[u8]) -> bool {
    // Row by row: whether the pattern so far matches so much of the text.
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for &wanted in pattern {
        let mut next = vec![false; text.len() + 1];
        next[0] = wanted == b'*' && row[0];
        for (at, &byte) in text.iter().enumerate() {
            next[at + 1] = match wanted {
                b'*' => next[at] || row[at + 1],
                b'?' => row[at],
                _ => row[at] && wanted == byte,
            };
        }
        row = next;
    }
    row[text.len()]
}
