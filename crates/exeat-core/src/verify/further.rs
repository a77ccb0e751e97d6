//! Envelopes that were added after a package had been sealed: who vouches for
//! them.
//!
//! The signature of the manifest does not cover them. Each has a record of its
//! own, signed by whoever passed the package on; one without a record by
//! somebody trusted opens nothing.

use jiff::Timestamp;

use super::{Damage, DamageKind, MAX_SIGNATURE, Package, VerifyError};
use crate::digest::Digest;
use crate::keys::MAX_ENVELOPE;
use crate::manifest::{MAX_PASSING, Passing};
use crate::signature::{self, AllowedSigners, REKEY_NAMESPACE, SignatureError, Signer};

/// What the names of its three members end in, the signature last.
pub(crate) const SUFFIXES: [&str; 3] = [".age", ".json", ".json.sig"];
/// One more than the highest number.
pub(crate) const MAX_NUMBER: u16 = 1000;

/// An envelope that the manifest does not know.
#[derive(Debug)]
pub struct FurtherEnvelope {
    number: u16,
    state: EnvelopeState,
    bytes: Vec<u8>,
}

/// What is known of such an envelope.
#[derive(Debug)]
#[non_exhaustive]
pub enum EnvelopeState {
    /// Somebody trusted has passed the package on.
    PassedOn {
        /// Who.
        by: Signer,
        /// When, as they say.
        created: Timestamp,
    },
    /// Nobody who is trusted vouches for it: it is not used.
    NotTrusted(SignatureError),
    /// Whoever added it was stopped before it was signed: it is not used.
    Unfinished,
}

impl FurtherEnvelope {
    /// Its name, such as `key-2.age`.
    #[must_use]
    pub fn member(&self) -> String {
        member(self.number, SUFFIXES[0])
    }

    /// What is known of it.
    #[must_use]
    pub fn state(&self) -> &EnvelopeState {
        &self.state
    }

    /// Its bytes, if somebody trusted vouches for them.
    pub(super) fn vouched(&self) -> Option<&[u8]> {
        match self.state {
            EnvelopeState::PassedOn { .. } => Some(&self.bytes),
            EnvelopeState::NotTrusted(_) | EnvelopeState::Unfinished => None,
        }
    }
}

/// The name of one of the three.
pub(crate) fn member(number: u16, suffix: &str) -> String {
    format!("key-{number}{suffix}")
}

/// The number N of `key-N.age`, `key-N.json` or `key-N.json.sig`, from 2 on,
/// and what stands behind it.
pub(super) fn parse(name: &[u8]) -> Option<(u16, &str)> {
    let rest = std::str::from_utf8(name).ok()?.strip_prefix("key-")?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let (digits, suffix) = rest.split_at(end);
    let number = digits
        .parse()
        .ok()
        .filter(|n| (2..MAX_NUMBER).contains(n))?;
    let is_member = !digits.starts_with('0') && SUFFIXES.contains(&suffix);
    is_member.then_some((number, suffix))
}

/// Whether this is the name of a further envelope.
pub(super) fn is_envelope(name: &[u8]) -> bool {
    parse(name).is_some_and(|(_, suffix)| suffix == SUFFIXES[0])
}

impl Package {
    /// Whether a member may be part of a further envelope: the others are
    /// there too, but for the signature of one that was not finished, and none
    /// is larger than it can be.
    pub(super) fn is_further_envelope(&self, name: &[u8], bytes: u64) -> bool {
        let Some((number, suffix)) = parse(name) else {
            return false;
        };
        let [envelope, record, signature] = SUFFIXES.map(|suffix| member(number, suffix));
        let is_whole = self.has(&envelope) && (self.has(&record) || !self.has(&signature));
        let most = match suffix {
            ".age" => MAX_ENVELOPE,
            ".json" => MAX_PASSING,
            _ => MAX_SIGNATURE,
        };
        is_whole && bytes <= most
    }

    /// What is known of every further envelope, in the order of their numbers.
    ///
    /// # Errors
    /// What does not fit together: altered, moved from another package or from
    /// another envelope.
    pub(super) fn further_envelopes(
        &self,
        manifest_sha256: Digest,
        allowed: &AllowedSigners,
        now: Timestamp,
    ) -> Result<Vec<FurtherEnvelope>, VerifyError> {
        let names = self.members.iter().filter_map(|(name, ..)| parse(name));
        let envelopes = names.filter(|(_, suffix)| *suffix == SUFFIXES[0]);
        let mut numbers: Vec<u16> = envelopes.map(|(number, _)| number).collect();
        numbers.sort_unstable();
        let mut further = Vec::with_capacity(numbers.len());
        let mut damage = Vec::new();
        for number in numbers {
            match self.further_envelope(number, manifest_sha256, allowed, now)? {
                Ok(envelope) => further.push(envelope),
                Err(found) => damage.push(found),
            }
        }
        match damage.is_empty() {
            true => Ok(further),
            false => Err(VerifyError::Damaged { damage }),
        }
    }

    fn further_envelope(
        &self,
        number: u16,
        manifest_sha256: Digest,
        allowed: &AllowedSigners,
        now: Timestamp,
    ) -> Result<Result<FurtherEnvelope, Damage>, VerifyError> {
        let [envelope, record, signature] = SUFFIXES.map(|suffix| member(number, suffix));
        let found = |state, bytes| FurtherEnvelope {
            number,
            state,
            bytes,
        };
        // One that is empty was being written when the power failed.
        let is_there = |one: &&(Vec<u8>, bool, u64)| one.0 == signature.as_bytes();
        let signed = self.members.iter().find(is_there);
        if signed.is_none_or(|&(_, _, bytes)| bytes == 0) {
            return Ok(Ok(found(EnvelopeState::Unfinished, Vec::new())));
        }
        let damaged = |member: String, kind| Ok(Err(Damage { member, kind }));
        let bytes = self.read(&record, MAX_PASSING)?;
        let signed = self.read(&signature, MAX_SIGNATURE)?;
        let vouched = signature::verify(&signed, REKEY_NAMESPACE, &bytes, allowed, now, None);
        let by = match vouched {
            Ok(signer) => signer,
            Err(SignatureError::Altered) => return damaged(record, DamageKind::Altered),
            Err(SignatureError::NotASignature { .. } | SignatureError::WrongNamespace { .. }) => {
                return damaged(signature, DamageKind::Malformed);
            }
            Err(error) => return Ok(Ok(found(EnvelopeState::NotTrusted(error), Vec::new()))),
        };
        // Nothing in the record is interpreted before this.
        let Some(passing) = Passing::from_bytes(&bytes) else {
            return damaged(record, DamageKind::Malformed);
        };
        if passing.manifest_sha256 != manifest_sha256 {
            return damaged(record, DamageKind::Foreign);
        }
        let bytes = self.read(&envelope, MAX_ENVELOPE)?;
        if Digest::of(&bytes) != passing.envelope_sha256 {
            return Ok(Err(self.moved_record(number, passing.envelope_sha256)));
        }
        let created = passing.created;
        Ok(Ok(found(EnvelopeState::PassedOn { by, created }, bytes)))
    }
}
