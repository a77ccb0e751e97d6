//! Whose key a recipient's is, by what stands here: names in a request are the
//! requester's words.

use exeat_core::keys::RecipientBook;
use exeat_core::manifest::NamedKey;
use exeat_core::policy::Policy;

/// The recipients that have a name here.
pub(super) struct Known<'a> {
    /// Those of whoever answers.
    pub(super) own: &'a RecipientBook,
    pub(super) policy: &'a Policy,
}

impl Known<'_> {
    /// Names with their keys, those of whoever answers first.
    fn named(&self) -> impl Iterator<Item = (&str, String)> {
        let own = self.own.names();
        let own = own.filter_map(|name| Some((name, self.own.find(name)?.to_string())));
        let policy = self.policy.named_recipients();
        own.chain(policy.map(|(name, key)| (name, key.to_owned())))
    }

    /// The name that whoever has this key has here.
    pub(super) fn name_of(&self, key: &str) -> Option<&str> {
        let mut named = self.named();
        named.find_map(|(name, known)| (known == key).then_some(name))
    }

    /// Whether the name that the request has for this key is another key's here.
    pub(super) fn contradict(&self, recipient: &NamedKey) -> bool {
        let Some(said) = &recipient.name else {
            return false;
        };
        // Whoever reads it does not see the difference.
        let is_said = |name: &str| name.trim().eq_ignore_ascii_case(said.trim());
        let named = self.named().filter(|(name, _)| is_said(name));
        let keys: Vec<_> = named.map(|(_, key)| key).collect();
        !keys.is_empty() && !keys.contains(&recipient.key)
    }
}

#[cfg(test)]
mod tests {
    use exeat_core::policy::PolicyFile;

    use super::*;

    // Keys of age's own tests, whose secret halves are public.
    const NORTH: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    const SOUTH: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    fn entry(name: &str, key: &str) -> String {
        format!("[[recipient]]\nname = \"{name}\"\nkey = \"{key}\"\n")
    }

    #[test]
    fn a_name_is_that_of_the_key() {
        let own = RecipientBook::parse(&entry("North", NORTH)).expect("a good file");
        let file = PolicyFile {
            path: "/etc/exeat/policy.toml".into(),
            text: "[recipients]\nfile = \"recipients.toml\"\n".into(),
        };
        let listed = entry("Registry", NORTH) + &entry("South", SOUTH);
        let policy = Policy::from_layers(&[file], |_| Ok(listed.clone())).expect("valid");
        let known = Known {
            own: &own,
            policy: &policy,
        };
        assert_eq!(known.name_of(NORTH), Some("North"));
        assert_eq!(known.name_of(SOUTH), Some("South"));
        assert_eq!(known.name_of("age1other"), None);
        for (name, key, is_contradicted) in [
            (Some("North"), NORTH, false),
            (Some("Registry"), NORTH, false),
            (Some("North"), SOUTH, true),
            (Some(" north"), SOUTH, true),
            (Some("South"), "age1other", true),
            (Some("nobody"), SOUTH, false),
            (None, "age1other", false),
        ] {
            let recipient = NamedKey {
                key: key.into(),
                name: name.map(str::to_owned),
            };
            assert_eq!(
                known.contradict(&recipient),
                is_contradicted,
                "{name:?} {key}"
            );
        }
    }
}
