//! Makes a passphrase for whoever would rather not think one up.

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::PromptError;

/// Crockford's base 32: no I, L, O or U, which are misread, misheard or spell things.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 5;
const GROUPS: usize = 5;

/// A passphrase of 25 characters, five bits each, in groups of five.
pub(super) fn passphrase() -> Result<SecretString, PromptError> {
    let mut random = Zeroizing::new([0; GROUP * GROUPS]);
    getrandom::getrandom(&mut random[..]).map_err(PromptError::Random)?;
    Ok(spell(&random))
}

fn spell(random: &[u8; GROUP * GROUPS]) -> SecretString {
    let mut text = Zeroizing::new(String::with_capacity(GROUP * GROUPS + GROUPS - 1));
    for (position, byte) in random.iter().enumerate() {
        if position > 0 && position % GROUP == 0 {
            text.push('-');
        }
        // 32 divides 256: each character stands for eight values of the byte, and none is favoured.
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    SecretString::from(text.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn five_groups_of_five_from_the_alphabet() {
        let mut seen = BTreeSet::new();
        for _ in 0..200 {
            let passphrase = passphrase().unwrap();
            let text = passphrase.expose_secret();
            let groups: Vec<&str> = text.split('-').collect();
            assert!(
                groups.len() == 5 && groups.iter().all(|group| group.len() == 5),
                "{text}"
            );
            assert!(
                text.bytes()
                    .all(|byte| byte == b'-' || ALPHABET.contains(&byte)),
                "{text}"
            );
            assert!(seen.insert(text.to_owned()), "a repeat of {text}");
        }
    }

    #[test]
    fn the_alphabet_has_32_characters_and_none_that_is_misread() {
        assert_eq!(ALPHABET.iter().collect::<BTreeSet<_>>().len(), 32);
        assert!(!ALPHABET.iter().any(|byte| b"ILOU".contains(byte)));
    }

    #[test]
    fn each_character_stands_for_eight_values_of_a_byte() {
        let mut counts = [0; 256];
        for byte in 0..=u8::MAX {
            let spelt = spell(&[byte; 25]);
            counts[usize::from(spelt.expose_secret().as_bytes()[0])] += 1;
        }
        assert!(ALPHABET.iter().all(|&byte| counts[usize::from(byte)] == 8));
    }
}
