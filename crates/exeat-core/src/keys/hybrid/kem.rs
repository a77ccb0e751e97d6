//! The KEM of post-quantum age keys: ML-KEM-768 and X25519 together, so that
//! whoever wants what it protects has to break both.
//!
//! It is MLKEM768-X25519 of draft-ietf-hpke-pq-03 and
//! draft-irtf-cfrg-concrete-hybrid-kems-02, the same as X-Wing
//! (draft-connolly-cfrg-xwing-kem). In addition a point of X25519 that makes the
//! shared secret zero is refused, as other implementations of age do.

use hpke::generic_array::typenum::{Sum, U32, U96, U192, U1024};
use hpke::kem::SharedSecret;
use hpke::rand_core::{CryptoRng, RngCore};
use hpke::{Deserializable, HpkeError, Kem, Serializable};
use ml_kem::kem::{Decapsulate as _, Encapsulate as _};
use ml_kem::{B32, Ciphertext, Encoded, EncodedSizeUser as _, KemCore, MlKem768};
use sha3::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use sha3::{Digest as _, Sha3_256, Shake256};
use x25519_dalek::{EphemeralSecret, StaticSecret};
use zeroize::{Zeroize as _, Zeroizing};

type Encapsulation = <MlKem768 as KemCore>::EncapsulationKey;
type Decapsulation = <MlKem768 as KemCore>::DecapsulationKey;

/// What the combiner's hash ends with.
const LABEL: &[u8] = br"\.//^\";
/// The bytes of ML-KEM-768's public key.
const LATTICE_KEY: usize = 1184;
/// The bytes of ML-KEM-768's ciphertext.
const LATTICE_SENT: usize = 1088;
/// The bytes of a key or a point of X25519.
const CURVE: usize = 32;

/// ML-KEM-768 with X25519.
pub(super) struct MlKem768X25519;

/// The seed that both private keys are made of.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PrivateKey(Zeroizing<[u8; 32]>);

impl PrivateKey {
    pub(super) fn seed(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn to_public(&self) -> PublicKey {
        let (lattice, curve) = self.expand();
        PublicKey {
            lattice: lattice.encapsulation_key().clone(),
            curve: (&curve).into(),
        }
    }

    /// Both private keys; they wipe themselves.
    fn expand(&self) -> (Decapsulation, StaticSecret) {
        let mut stream = Shake256::default().chain(self.seed()).finalize_xof();
        let mut next = || {
            let mut bytes = Zeroizing::new([0; 32]);
            stream.read(&mut *bytes);
            bytes
        };
        let (mut d, mut z) = (B32::from(*next()), B32::from(*next()));
        let (lattice, _) = MlKem768::generate_deterministic(&d, &z);
        d.0.zeroize();
        z.0.zeroize();
        (lattice, StaticSecret::from(*next()))
    }
}

impl Serializable for PrivateKey {
    type OutputSize = U32;

    fn write_exact(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(self.seed());
    }
}

impl Deserializable for PrivateKey {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        let seed = bytes.try_into().map_err(|_| wrong_length::<Self>(bytes))?;
        Ok(Self(Zeroizing::new(seed)))
    }
}

/// Both public keys.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PublicKey {
    lattice: Encapsulation,
    curve: x25519_dalek::PublicKey,
}

impl Eq for PublicKey {}

impl Serializable for PublicKey {
    type OutputSize = Sum<U1024, U192>;

    fn write_exact(&self, buffer: &mut [u8]) {
        let (lattice, curve) = buffer.split_at_mut(LATTICE_KEY);
        lattice.copy_from_slice(&self.lattice.as_bytes());
        curve.copy_from_slice(self.curve.as_bytes());
    }
}

impl Deserializable for PublicKey {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        let (lattice, curve) = halves::<Self, LATTICE_KEY>(bytes)?;
        let encoded = Encoded::<Encapsulation>::from(lattice);
        let lattice = Encapsulation::from_bytes(&encoded);
        // FIPS 203, 7.2: numbers beyond the modulus are no key.
        if lattice.as_bytes() != encoded {
            return Err(HpkeError::ValidationError);
        }
        // Every private key is a multiple of the cofactor, so that any will do.
        let any = StaticSecret::from([1; CURVE]);
        let curve = x25519_dalek::PublicKey::from(curve);
        if !any.diffie_hellman(&curve).was_contributory() {
            return Err(HpkeError::ValidationError);
        }
        Ok(Self { lattice, curve })
    }
}

/// What is sent: ML-KEM's ciphertext and the ephemeral share of X25519.
#[derive(Clone)]
pub(super) struct EncappedKey {
    lattice: Ciphertext<MlKem768>,
    curve: x25519_dalek::PublicKey,
}

impl Serializable for EncappedKey {
    type OutputSize = Sum<U1024, U96>;

    fn write_exact(&self, buffer: &mut [u8]) {
        let (lattice, curve) = buffer.split_at_mut(LATTICE_SENT);
        lattice.copy_from_slice(&self.lattice);
        curve.copy_from_slice(self.curve.as_bytes());
    }
}

impl Deserializable for EncappedKey {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        let (lattice, curve) = halves::<Self, LATTICE_SENT>(bytes)?;
        Ok(Self {
            lattice: lattice.into(),
            curve: curve.into(),
        })
    }
}

impl Kem for MlKem768X25519 {
    type PublicKey = PublicKey;
    type PrivateKey = PrivateKey;
    type EncappedKey = EncappedKey;
    type NSecret = U32;

    const KEM_ID: u16 = 0x647a;

    fn sk_to_pk(key: &PrivateKey) -> PublicKey {
        key.to_public()
    }

    fn derive_keypair(material: &[u8]) -> (PrivateKey, PublicKey) {
        // LabeledDerive of HPKE's one-stage KDF with SHAKE256.
        let mut seed = Zeroizing::new([0; 32]);
        Shake256::default()
            .chain(material)
            .chain(b"HPKE-v1KEM")
            .chain(Self::KEM_ID.to_be_bytes())
            .chain([0, 13])
            .chain(b"DeriveKeyPair")
            .chain([0, 32])
            .finalize_xof()
            .read(&mut *seed);
        let key = PrivateKey(seed);
        let public = key.to_public();
        (key, public)
    }

    fn encap<R: CryptoRng + RngCore>(
        to: &PublicKey,
        sender: Option<(&PrivateKey, &PublicKey)>,
        random: &mut R,
    ) -> Result<(SharedSecret<Self>, EncappedKey), HpkeError> {
        // There is no mode in which a sender is proven.
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        let encapsulated = to.lattice.encapsulate(random);
        let (sent, lattice) = encapsulated.map_err(|()| HpkeError::EncapError)?;
        let lattice = Zeroizing::new(lattice.0);
        let ephemeral = EphemeralSecret::random_from_rng(random);
        let share = x25519_dalek::PublicKey::from(&ephemeral);
        let curve = ephemeral.diffie_hellman(&to.curve);
        let shared = combine(&lattice, &curve, &share, &to.curve).ok_or(HpkeError::EncapError)?;
        let sent = EncappedKey {
            lattice: sent,
            curve: share,
        };
        Ok((shared, sent))
    }

    fn decap(
        key: &PrivateKey,
        sender: Option<&PublicKey>,
        sent: &EncappedKey,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::DecapError);
        }
        let (lattice, curve) = key.expand();
        let lattice = lattice.decapsulate(&sent.lattice);
        let lattice = Zeroizing::new(lattice.map_err(|()| HpkeError::DecapError)?.0);
        let public = x25519_dalek::PublicKey::from(&curve);
        let curve = curve.diffie_hellman(&sent.curve);
        combine(&lattice, &curve, &sent.curve, &public).ok_or(HpkeError::DecapError)
    }
}

/// The secret that both sides share; none where X25519's part of it is zero.
fn combine(
    lattice: &[u8; 32],
    curve: &x25519_dalek::SharedSecret,
    share: &x25519_dalek::PublicKey,
    to: &x25519_dalek::PublicKey,
) -> Option<SharedSecret<MlKem768X25519>> {
    let hash = Sha3_256::new()
        .chain_update(lattice)
        .chain_update(curve)
        .chain_update(share)
        .chain_update(to)
        .chain_update(LABEL);
    curve
        .was_contributory()
        .then(|| SharedSecret(hash.finalize()))
}

/// The part of ML-KEM, of `N` bytes, and that of X25519.
fn halves<T: Serializable, const N: usize>(
    bytes: &[u8],
) -> Result<([u8; N], [u8; CURVE]), HpkeError> {
    let halves = bytes.split_first_chunk().and_then(|(lattice, curve)| {
        let curve = curve.try_into().ok()?;
        Some((*lattice, curve))
    });
    halves.ok_or_else(|| wrong_length::<T>(bytes))
}

fn wrong_length<T: Serializable>(bytes: &[u8]) -> HpkeError {
    HpkeError::IncorrectInputLength(T::size(), bytes.len())
}
