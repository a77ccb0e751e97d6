//! Protection by a password (ISO 32000-2, 7.6), so far as the empty password
//! opens it: then a document only asks its readers not to print or copy.

use std::rc::Rc;

use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use md5::{Digest as _, Md5};
use rc4::consts::U256;
use rc4::{Key, Rc4, StreamCipher as _};
use sha2::{Sha256, Sha384, Sha512};

use super::object::{Dict, Object};

/// Stands for what is missing of a short password (Algorithm 2).
const PADDING: [u8; 32] = [
    0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
    0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cipher {
    None,
    Rc4,
    Aes128,
    Aes256,
}

/// What opens a document.
#[derive(Debug)]
pub(super) struct Crypt {
    key: Vec<u8>,
    strings: Cipher,
    streams: Cipher,
    pub(super) with_metadata: bool,
}

/// Why a document stays closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// By RC4, or by no cipher that is known to be weak or strong.
    Weakly,
    /// By AES, or by certificates.
    Strongly,
}

impl Crypt {
    /// Opens a document with the empty password. References in `dict` are
    /// resolved already.
    pub(super) fn open(dict: &Dict, id: &[u8]) -> Result<Self, Closed> {
        if !dict.is("Filter", "Standard") {
            return Err(Closed::Strongly);
        }
        let whole = |key: &str| dict.get(key).and_then(Object::whole);
        let text = |key: &str| dict.get(key).and_then(Object::text);
        let version = whole("V").unwrap_or(0);
        let revision = whole("R").unwrap_or(0);
        let (strings, streams) = match version {
            1..=3 => (Cipher::Rc4, Cipher::Rc4),
            4 | 5 => (filter(dict, "StrF"), filter(dict, "StmF")),
            _ => return Err(Closed::Weakly),
        };
        let with_metadata = dict.get("EncryptMetadata") != Some(&Object::Bool(false));
        let is_strong = [strings, streams]
            .iter()
            .all(|&cipher| matches!(cipher, Cipher::Aes128 | Cipher::Aes256));
        let closed = if is_strong {
            Closed::Strongly
        } else {
            Closed::Weakly
        };
        let user = text("U").ok_or(closed)?;
        let key = match revision {
            2..=4 => {
                let bytes = match revision {
                    2 => 5,
                    _ if version == 4 => 16,
                    _ => usize::try_from(whole("Length").unwrap_or(40) / 8).unwrap_or(5),
                };
                let bytes = bytes.clamp(5, 16);
                let owner = text("O").ok_or(closed)?;
                let permissions = dict.get("P").and_then(Object::number).ok_or(closed)?;
                let metadata_counts = revision == 4 && !with_metadata;
                let key = old_key(owner, permissions, id, metadata_counts, revision, bytes);
                is_old_user(&key, user, id, revision).then_some(key)
            }
            5 | 6 => new_key(user, text("UE").ok_or(closed)?, revision),
            _ => None,
        };
        Ok(Self {
            key: key.ok_or(closed)?,
            strings,
            streams,
            with_metadata,
        })
    }

    pub(super) fn string(&self, bytes: &[u8], number: u32, generation: u16) -> Rc<[u8]> {
        self.decrypt(self.strings, bytes, number, generation).into()
    }

    pub(super) fn stream(&self, bytes: &[u8], number: u32, generation: u16) -> Vec<u8> {
        self.decrypt(self.streams, bytes, number, generation)
    }

    fn decrypt(&self, cipher: Cipher, bytes: &[u8], number: u32, generation: u16) -> Vec<u8> {
        let key_of_object = |salt: &[u8]| {
            let mut hash = Md5::new();
            hash.update(&self.key);
            hash.update(&number.to_le_bytes()[..3]);
            hash.update(generation.to_le_bytes());
            hash.update(salt);
            let length = (self.key.len() + 5).min(16);
            hash.finalize()[..length].to_vec()
        };
        match cipher {
            Cipher::None => bytes.to_vec(),
            Cipher::Rc4 => rc4(&key_of_object(b""), bytes),
            Cipher::Aes128 => {
                let key = key_of_object(b"sAlT");
                match Aes128::new_from_slice(&key) {
                    Ok(cipher) => cbc_message(&cipher, bytes),
                    Err(_) => Vec::new(),
                }
            }
            Cipher::Aes256 => match Aes256::new_from_slice(&self.key) {
                Ok(cipher) => cbc_message(&cipher, bytes),
                Err(_) => Vec::new(),
            },
        }
    }
}

/// The cipher that a crypt filter names.
fn filter(dict: &Dict, key: &str) -> Cipher {
    let name = dict.get(key).and_then(Object::name).unwrap_or(b"Identity");
    let filters = dict.get("CF").and_then(Object::dict);
    let named = filters.and_then(|filters| {
        let found = filters.0.iter().find(|(known, _)| **known == *name);
        found.and_then(|(_, filter)| filter.dict())
    });
    match named.and_then(|filter| filter.get("CFM")?.name()) {
        Some(b"V2") => Cipher::Rc4,
        Some(b"AESV2") => Cipher::Aes128,
        Some(b"AESV3") => Cipher::Aes256,
        _ => Cipher::None,
    }
}

/// Algorithm 2, for the empty password.
fn old_key(
    owner: &[u8],
    permissions: f64,
    id: &[u8],
    metadata_counts: bool,
    revision: u32,
    bytes: usize,
) -> Vec<u8> {
    let mut hash = Md5::new();
    hash.update(PADDING);
    hash.update(owner.get(..32).unwrap_or(owner));
    // Some write the 32 bits as a signed number, some not.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the low 32 bits are what is wanted"
    )]
    let permissions = permissions as i64 as u32;
    hash.update(permissions.to_le_bytes());
    hash.update(id);
    if metadata_counts {
        hash.update([0xFF; 4]);
    }
    let mut key = hash.finalize();
    if revision >= 3 {
        for _ in 0..50 {
            key = Md5::digest(&key[..bytes]);
        }
    }
    key[..bytes].to_vec()
}

/// Algorithms 4 and 5.
fn is_old_user(key: &[u8], user: &[u8], id: &[u8], revision: u32) -> bool {
    if revision == 2 {
        return rc4(key, &PADDING) == user;
    }
    let mut hash = Md5::new();
    hash.update(PADDING);
    hash.update(id);
    let mut proof = hash.finalize().to_vec();
    for round in 0..20_u8 {
        let key: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
        proof = rc4(&key, &proof);
    }
    user.get(..16) == Some(&proof[..])
}

/// Algorithm 2.A, for the empty password.
fn new_key(user: &[u8], wrapped: &[u8], revision: u32) -> Option<Vec<u8>> {
    let (proof, check_salt) = (user.get(..32)?, user.get(32..40)?);
    let key_salt = user.get(40..48)?;
    if hash_new(check_salt, revision) != proof {
        return None;
    }
    let cipher = Aes256::new_from_slice(&hash_new(key_salt, revision)).ok()?;
    Some(cbc(&cipher, &[0; 16], wrapped.get(..32)?))
}

/// Algorithm 2.B, for the empty password of a user.
fn hash_new(salt: &[u8], revision: u32) -> Vec<u8> {
    let mut key = Sha256::digest(salt).to_vec();
    if revision < 6 {
        return key;
    }
    for round in 0_u32.. {
        let mut block = key.repeat(64);
        let Ok(cipher) = Aes128::new_from_slice(&key[..16]) else {
            break;
        };
        let mut previous = key[16..32].to_vec();
        for chunk in block.chunks_exact_mut(16) {
            for (byte, before) in chunk.iter_mut().zip(&previous) {
                *byte ^= before;
            }
            cipher.encrypt_block(GenericArray::from_mut_slice(chunk));
            previous.copy_from_slice(chunk);
        }
        let sum: u32 = block[..16].iter().map(|&byte| u32::from(byte)).sum();
        key = match sum % 3 {
            0 => Sha256::digest(&block).to_vec(),
            1 => Sha384::digest(&block).to_vec(),
            _ => Sha512::digest(&block).to_vec(),
        };
        let last = block.last().map_or(0, |&byte| u32::from(byte));
        if round >= 63 && last <= round - 31 {
            break;
        }
    }
    key.truncate(32);
    key
}

/// Decrypts a message that begins with its initialisation vector and ends
/// with padding.
fn cbc_message(
    cipher: &impl BlockDecrypt<BlockSize = aes::cipher::consts::U16>,
    bytes: &[u8],
) -> Vec<u8> {
    let Some((first, rest)) = bytes.split_at_checked(16) else {
        return Vec::new();
    };
    let mut plain = cbc(cipher, first, rest);
    if let Some(&padding @ 1..=16) = plain.last() {
        plain.truncate(plain.len().saturating_sub(usize::from(padding)));
    }
    plain
}

fn cbc(
    cipher: &impl BlockDecrypt<BlockSize = aes::cipher::consts::U16>,
    first: &[u8],
    bytes: &[u8],
) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut previous = first;
    for chunk in bytes.chunks_exact(16) {
        let mut block = GenericArray::clone_from_slice(chunk);
        cipher.decrypt_block(&mut block);
        plain.extend(
            block
                .iter()
                .zip(previous)
                .map(|(byte, before)| byte ^ before),
        );
        previous = chunk;
    }
    plain
}

/// A key of any length is one of 256 bytes that repeats it: that is how RC4
/// spreads it.
fn rc4(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut whole = Key::<U256>::default();
    for (place, byte) in whole.iter_mut().zip(key.iter().cycle()) {
        *place = *byte;
    }
    let mut plain = bytes.to_vec();
    Rc4::<U256>::new(&whole).apply_keystream(&mut plain);
    plain
}
