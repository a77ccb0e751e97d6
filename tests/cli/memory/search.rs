//! What to look for in a memory, and the looking.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use memchr::memmem;
use sha2::{Digest as _, Sha512};

use crate::environment::Env;

/// All that a process can write to: heap, stacks, static data.
pub(super) struct Memory(Vec<Part>);

struct Part {
    /// What the system calls it, and where it begins.
    name: String,
    start: u64,
    bytes: Vec<u8>,
}

/// Whether there is nothing to read at that place.
fn is_gone(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::IO)
}

impl Memory {
    pub(super) fn of(pid: u32) -> io::Result<Self> {
        let memory = File::open(format!("/proc/{pid}/mem"))?;
        let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
        let mut parts = Vec::new();
        for line in maps.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let is_writable = words[1].starts_with("rw");
            let (start, end) = words[0].split_once('-').unwrap();
            let at = |text| u64::from_str_radix(text, 16).unwrap();
            let (start, end) = (at(start), at(end));
            if is_writable {
                let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
                match memory.read_exact_at(&mut bytes, start) {
                    // In this process other tests go on, and give memory back meanwhile.
                    Err(error) if pid == std::process::id() && is_gone(&error) => continue,
                    other => other?,
                }
                let name = words.get(5).unwrap_or(&"anonymous").to_string();
                parts.push(Part { name, start, bytes });
            }
        }
        match parts.is_empty() {
            false => Ok(Self(parts)),
            true => Err(io::Error::other("there is none")),
        }
    }

    /// Everything in this process' memory that tells the secret: its form, and
    /// where it was.
    pub(super) fn find(&self, secret: &Secret) -> Vec<String> {
        let mut found = Vec::new();
        for (form, needle) in &secret.forms {
            for part in &self.0 {
                for at in memmem::find_iter(&part.bytes, needle) {
                    let place = part.start + at as u64;
                    let (of, name) = (&secret.name, &part.name);
                    let left = part.bytes.len() - at;
                    found.push(format!(
                        "{of}, {form}: {place:#x} in {name}, {left} before its end"
                    ));
                }
            }
        }
        found
    }

    /// Demands that nothing tells any of these secrets.
    #[track_caller]
    pub(super) fn holds_none_of(&self, secrets: &[&Secret]) {
        let found: Vec<_> = secrets
            .iter()
            .flat_map(|secret| self.find(secret))
            .collect();
        assert!(found.is_empty(), "still there:\n{}", found.join("\n"));
    }

    /// The forms of a secret that are there.
    pub(super) fn forms(&self, secret: &Secret) -> Vec<&'static str> {
        let is_there = |needle: &[u8]| {
            let mut parts = self.0.iter();
            parts.any(|part| memmem::find(&part.bytes, needle).is_some())
        };
        let forms = secret.forms.iter().filter(|(_, needle)| is_there(needle));
        forms.map(|(form, _)| *form).collect()
    }
}

/// A secret in all the forms from which it could be had.
pub(super) struct Secret {
    name: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Secret {
    /// A text that is kept as it is.
    pub(super) fn text(name: &str, text: &str) -> Self {
        assert!(text.len() >= 8, "too short to be found by chance");
        let forms = vec![("text", text.as_bytes().to_vec())];
        let name = name.to_owned();
        Self { name, forms }
    }

    /// The line `AGE-SECRET-KEY-1…` in what an age program printed.
    pub(super) fn age(name: &str, text: &str) -> Self {
        let mut lines = text.lines().map(str::trim);
        let line = lines
            .find(|line| line.starts_with("AGE-SECRET-KEY-1"))
            .unwrap();
        let (_, raw) = bech32::decode(line).unwrap();
        let raw: [u8; 32] = raw.try_into().unwrap();
        let mut secret = Self::text(name, line);
        let data = line.strip_prefix("AGE-SECRET-KEY-1").unwrap();
        secret.forms = vec![
            ("Bech32", data.as_bytes().to_vec()),
            ("Bech32 in small letters", data.to_lowercase().into_bytes()),
            // Neither the first nor the last byte, of which curve arithmetic
            // changes some bits.
            ("32 bytes", raw[1..31].to_vec()),
            ("Base64", base64(&raw)),
            ("hexadecimal", hexadecimal(&raw)),
            ("signed digits", signed_digits(raw)),
        ];
        secret
    }

    /// The seed of the Ed25519 key that a person signs with, and what is derived
    /// from it and signs as well.
    pub(super) fn signing(env: &Env, person: &str) -> Self {
        let public = env.read(format!("{person}/signing_key.pub"));
        let public = public.split(' ').nth(1).unwrap();
        let public = base64::prelude::BASE64_STANDARD.decode(public).unwrap();
        let public = &public[public.len() - 32..];
        let private = env.read(format!("{person}/signing_key"));
        let body = private.lines().filter(|line| !line.starts_with("-----"));
        let body: String = body.collect();
        let file = base64::prelude::BASE64_STANDARD.decode(&body).unwrap();
        // The private half is seed and public key in one string.
        let at = memmem::rfind(&file, public).unwrap();
        assert_eq!(file[at - 36..at - 32], [0, 0, 0, 64]);
        let seed = &file[at - 32..at];
        let expanded = Sha512::digest(seed);
        let forms = vec![
            ("seed", seed.to_vec()),
            ("seed in Base64", base64(seed)),
            ("expanded", expanded[1..31].to_vec()),
            ("prefix of nonces", expanded[32..].to_vec()),
            ("file", private.lines().nth(2).unwrap().into()),
        ];
        let name = format!("signing key of {person}");
        Self { name, forms }
    }
}

/// Without what depends on what follows.
fn base64(bytes: &[u8]) -> Vec<u8> {
    BASE64_STANDARD_NO_PAD.encode(&bytes[..30]).into_bytes()
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<String>().into_bytes()
}

/// The digits from -8 to 7, least significant first, that multiplying a point of
/// the curve goes by.
fn signed_digits(mut scalar: [u8; 32]) -> Vec<u8> {
    scalar[0] &= 248;
    scalar[31] = scalar[31] & 127 | 64;
    let mut digits = Vec::new();
    let mut carry = 0;
    for digit in scalar.iter().flat_map(|byte| [byte & 15, byte >> 4]) {
        let digit = digit.cast_signed() + carry;
        carry = (digit + 8) >> 4;
        digits.push((digit - (carry << 4)).cast_unsigned());
    }
    digits[2..60].to_vec()
}
