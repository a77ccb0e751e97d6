//! Post-quantum keys: what opens what, what is no key, and what other
//! implementations of age make of them.

use std::io::{Read as _, Write as _};

use super::*;
use crate::diagnostic::Explain as _;
use crate::digest::Digest;
use crate::keys::{
    EnvelopeKind, IdentityFile, IdentityPair, KeyError, MAX_ENVELOPE, PackageKey, Recipients,
};

mod foreign;

/// The example of the specification; the digest is of its recipient.
const EXAMPLE: &str =
    "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR";
const EXAMPLE_RECIPIENT: &str = "353d0a29889be4e7e1f8e78606106e974784c2f72df324c44f384b20016f4d6c";

fn read(text: &str) -> Result<crate::keys::Recipient, KeyError> {
    crate::keys::Recipient::parse(text)
}

fn sealed_for(keys: &[&str]) -> Result<Recipients, KeyError> {
    Recipients::keys(keys.iter().map(|key| read(key)).collect::<Result<_, _>>()?)
}

fn identities(text: &str) -> crate::keys::Identities {
    match IdentityFile::parse(Zeroizing::new(text.as_bytes().to_vec())) {
        Ok(IdentityFile::Plain(identities)) => identities,
        other => panic!("{other:?}"),
    }
}

/// The text of bytes as a key, whatever they are.
fn encoded(bytes: &[u8]) -> String {
    bech32_encode(RECIPIENT, bytes)
}

/// Encrypts as age does.
fn encrypted(to: &Recipient, plaintext: &[u8]) -> Vec<u8> {
    let to = std::iter::once(to as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(to).expect("a recipient");
    let mut file = Vec::new();
    let mut writer = encryptor.wrap_output(&mut file).expect("memory");
    writer.write_all(plaintext).expect("memory");
    writer.finish().expect("memory");
    file
}

/// Decrypts as age does; what had been read when it failed stays in `into`.
fn decrypt(
    file: &[u8],
    identities: &[Box<dyn age::Identity>],
    into: &mut Vec<u8>,
) -> Result<(), DecryptError> {
    let decryptor = age::Decryptor::new_buffered(file)?;
    let mut reader = decryptor.decrypt(identities.iter().map(|one| &**one))?;
    reader.read_to_end(into)?;
    Ok(())
}

#[test]
fn the_example_of_the_specification() {
    let recipient = Identity::parse(EXAMPLE).expect("an identity").to_public();
    let line = format!("{recipient}\n");
    assert_eq!(line.len(), 1960);
    assert_eq!(Digest::of(line.as_bytes()).to_string(), EXAMPLE_RECIPIENT);
    let again = Recipient::parse(line.trim_end()).expect("a recipient");
    assert_eq!(again.to_string(), line.trim_end());
}

#[test]
fn an_envelope_opens_for_each_recipient_and_for_nobody_else() {
    let [(a, secret_a), (b, secret_b), (_, other)] = [1, 2, 3].map(pair);
    let key = PackageKey::generate();
    let sealed = sealed_for(&[&a, &b]).expect("two");
    let envelope = key.envelope(&sealed).expect("memory");
    assert_eq!(
        EnvelopeKind::of(&envelope).expect("a header"),
        EnvelopeKind::Keys
    );
    for secret in [&secret_a, &secret_b] {
        let text = format!("# comment\n{other}\n{secret}\n");
        let opened = PackageKey::from_envelope(&envelope, &identities(&text)).expect("opens");
        assert_eq!(opened.commitment(), key.commitment());
    }
    let mut others = identities(&other);
    others.extend(IdentityPair::generate().identities());
    let error = PackageKey::from_envelope(&envelope, &others).expect_err("another's");
    assert_eq!(error.code(), "wrong-key");
    let mine = identities(&secret_a);
    assert!(mine.include(&a) && !mine.include(&b));
}

#[test]
fn the_most_recipients_fit() {
    let keys: Vec<_> = (1..=13).map(|seed| pair(seed).0).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let sealed = sealed_for(&keys[..12]).expect("twelve");
    let envelope = PackageKey::generate().envelope(&sealed).expect("memory");
    assert!(envelope.len() as u64 <= MAX_ENVELOPE);
    EnvelopeKind::of(&envelope).expect("within what a reader takes");
    let error = sealed_for(&keys).expect_err("thirteen");
    assert_eq!(error.code(), "too-many-recipients");
}

#[test]
fn all_or_none_are_post_quantum() {
    let (hybrid, _) = pair(1);
    let mine = IdentityPair::generate().recipient();
    let mut others = vec![&*mine];
    if cfg!(feature = "ssh") {
        others.push(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxhuqWIZLcCYPpq1DmiVOFz+MChQtIQH4Dqq/3ZxXLu",
        );
    }
    for other in others {
        sealed_for(&[other, other]).expect("alone");
        let error = sealed_for(&[&hybrid, other]).expect_err("both");
        assert_eq!(error.code(), "recipients-incompatible");
        assert!(error.to_string().contains("post-quantum"), "{error}");
        let help = error.help().expect("help").into_owned();
        assert!(help.contains("all or none of the recipients"), "{help}");
    }
    // age itself would have said so.
    let keys = [hybrid.as_str(), &mine].map(|key| read(key).expect("a recipient"));
    let error = PackageKey::generate()
        .envelope(&Recipients::Keys(keys.into()))
        .expect_err("both");
    assert!(matches!(error, KeyError::NotAllPostQuantum), "{error}");
    // What a plugin does is known when it is asked.
    sealed_for(&[&hybrid, "age1absent10qyjreut"]).expect("perhaps");
}

#[test]
fn what_is_no_recipient() {
    let (text, _) = pair(1);
    let good = Recipient::parse(&text).expect("a recipient").0.to_bytes();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.to_vec();
        change(&mut bytes);
        encoded(&bytes)
    };
    assert_eq!(changed(&|_| ()), text);
    let mut mistyped = text.clone();
    mistyped.replace_range(
        100..101,
        if text[100..].starts_with('q') {
            "p"
        } else {
            "q"
        },
    );
    for (bad, reason) in [
        (mistyped, "missing or mistyped"),
        (text[..text.len() - 1].to_owned(), "missing or mistyped"),
        (changed(&|bytes| bytes.truncate(1215)), "wrong length"),
        (changed(&|bytes| bytes.push(0)), "wrong length"),
        (changed(&|bytes| bytes.clear()), "wrong length"),
        // A number of 12 bits that is the modulus, 3329, or more.
        (
            changed(&|bytes| bytes[..2].copy_from_slice(&[0x01, 0x0d])),
            "damaged",
        ),
        (changed(&|bytes| bytes[1150..1152].fill(0xff)), "damaged"),
        // Points of small order.
        (
            changed(&|bytes| bytes[1184..].fill(0)),
            "everybody can open for",
        ),
        (
            changed(&|bytes| {
                bytes[1184..].fill(0);
                bytes[1184] = 1;
            }),
            "everybody can open for",
        ),
    ] {
        let error = read(&bad).expect_err(reason);
        assert_eq!(error.code(), "recipient-malformed");
        assert!(error.to_string().contains(reason), "{error}");
    }
    // In capital letters it would be a second text of the same key.
    assert!(Recipient::parse(&text.to_uppercase()).is_err());
    assert!(read(&text.to_uppercase()).is_err());
}

#[test]
fn what_is_no_identity() {
    let (recipient, secret) = pair(1);
    for bad in [
        secret.to_lowercase(),
        secret[..secret.len() - 1].to_owned(),
        bech32_encode(IDENTITY, &[1; 31]).to_uppercase(),
        bech32_encode(IDENTITY, &[1; 33]).to_uppercase(),
        bech32_encode(Hrp::parse_unchecked("AGE-SECRET-KEY-"), &[1; 32]).to_uppercase(),
        recipient,
        String::new(),
    ] {
        assert!(Identity::parse(&bad).is_none(), "{bad}");
    }
    let bad = secret.replacen("PQ-1", "PQ-1Q", 1);
    let error = IdentityFile::parse(Zeroizing::new(bad.clone().into())).expect_err("mistyped");
    assert_eq!(error.code(), "identity-malformed");
    let message = error.to_string();
    assert!(
        message.contains("line 1 is a mistyped post-quantum identity"),
        "{message}"
    );
    assert!(!message.contains(&bad[25..]), "{message}");
}

#[test]
fn keys_are_derived_as_hpke_asks() {
    use hpke::Kem as _;
    let (secret, public) = MlKem768X25519::derive_keypair(&[7; 32]);
    assert_eq!(secret.to_public(), public);
    assert_eq!(MlKem768X25519::sk_to_pk(&secret), public);
    // There is no mode in which the sender is proven.
    let sender = Some((&secret, &public));
    assert!(MlKem768X25519::encap(&public, sender, &mut OsRng).is_err());
    let (_, sent) = MlKem768X25519::encap(&public, None, &mut OsRng).expect("encapsulates");
    assert!(MlKem768X25519::decap(&secret, Some(&public), &sent).is_err());
    MlKem768X25519::decap(&secret, None, &sent).expect("decapsulates");
}
