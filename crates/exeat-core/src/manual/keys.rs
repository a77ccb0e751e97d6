//! Keys: which kinds there are, where they may be kept, and what each is worth.
//!
//! The validity times in `allowed_signers` are compared with the time of
//! verification, not with the time the package claims: a signer's key that has
//! expired no longer vouches for anything, however old the package says it is.
//!
//! An SSH key that opens packages is the one that logs in, too: whoever gets at
//! it can do both. An `age1…` key, made for this alone, is the better one. age
//! puts four bytes of the digest of an SSH key into the envelope, so that a
//! finder who has the public keys of many people can tell for which of them a
//! package is; an `age1…` key leaves no such trace. RSA keys have at least 2048
//! bits. Whoever can have very many envelopes opened with an RSA key, and time
//! each, learns something of it (RUSTSEC-2023-0071): do not build a service on
//! `exeat open` that answers to strangers with one.
//!
//! A key of an age plugin (`age1NAME1…`, `AGE-PLUGIN-NAME-1…`) runs the program
//! `age-plugin-NAME` from the `PATH`, with the rights of whoever runs exeat: at
//! the end of an export, and when a package is opened that no other identity
//! opens. Where an account may run exeat with the rights of another, as by a
//! rule of sudo, that `PATH` must not be the caller's, or the policy must name
//! the only recipients. The plugin sees the envelope and its key, no volume. It has
//! no time limit; Ctrl-C reaches it, too. Which of a plugin's recipients an
//! identity belongs to is not known here: that a package was passed on is not
//! noticed if it was sealed for any key of the same plugin.
//!
//! A signing key may be held elsewhere: `--signing-key`, or `signing_key` in the
//! settings, names the public half of a key that the `ssh-agent` holds, or the
//! file of a hardware key (`id_ed25519_sk`). `ssh-keygen -Y sign` from the `PATH`
//! is run then, with the rights of whoever runs exeat. It sees the manifest, which
//! is public, and is not believed: what it gives is used if it is the signature of
//! that key over those bytes, and otherwise nothing leaves. A key of the agent
//! signs nothing at all beforehand (namespace `exeat.trial.v1`), so that one that
//! is not there shows before the work; the touch of a hardware key is asked for
//! once, at the end. There is no time limit; Ctrl-C and SIGTERM end it. Where there
//! is no terminal and no `SSH_ASKPASS`, a key whose file says that it asks for a PIN
//! is not asked to sign, for the token would count an empty one as wrong. Whether a hardware key was touched stands in the signature, and
//! is not asked when it is checked, as `ssh-keygen -Y verify` does not.
//!
//! A key that is given as `fd:N` or `credential:NAME` (`-i`, `--signing-key`)
//! shows neither in the arguments nor in the environment. A descriptor is read
//! once, to its end. Plugins and `ssh-keygen` inherit it as they do everything that
//! whoever started exeat left open; the processes that take files apart cannot use
//! it. sudo closes descriptors from 3 on, so that a rule of sudo hands nothing
//! over. A unit that is started every night, with keys that systemd keeps
//! encrypted for this machine (`systemd-creds encrypt`):
//!
//! ```text
//! [Service]
//! Type=oneshot
//! User=clinic-data
//! LoadCredentialEncrypted=signing-key:/etc/exeat/signing-key.cred
//! ExecStart=exeat export /srv/clinic --to /srv/outbox -R /etc/exeat/north.txt --signing-key credential:signing-key
//! ```
//!
//! A post-quantum key (`age1pq1…`, `AGE-SECRET-KEY-PQ-1…`) holds against whoever
//! keeps a package until there is a quantum computer: the envelope is closed with
//! ML-KEM-768 and X25519 together, and both have to be broken. `age-keygen -pq` of
//! age 1.3 makes such a key. One other recipient would undo it, so that a
//! package is for post-quantum keys alone or for none; a further envelope of
//! `exeat rekey` for another key undoes it just so. What that covers, and what not:
//!
//! - Volumes and inventory are encrypted with X25519 to the package key. Their headers
//!   hold ephemeral shares. A quantum computer finds the ephemeral secret of each, but
//!   for the shared secret it also needs the package's recipient string, and so it
//!   does for the salt, which is the share and that recipient. The string is written
//!   nowhere but, as its SHA-256, in the manifest, and as the secret key, inside the
//!   envelope. So they hold as long as the envelope does, and not by themselves:
//!   whoever learns that string, which for X25519 is called public, reads them then.
//! - Everything else in age is symmetric; file keys have 128 bits.
//! - The signature is no post-quantum one. Whoever has a quantum computer can forge
//!   it, then; what was verified before stays verified.
//! - An envelope shows that its recipients are post-quantum, and how many stanzas it
//!   has, not whose.
//! - At most twelve such keys fit into a package.
//! - An age plugin says itself whether its keys are post-quantum, when it is run: at
//!   the end of an export. If it then says no, nothing is delivered.
//!
//! A passphrase is stretched with scrypt, N = 2^18, as the reference `age` does:
//! about a second and 256 MiB. From a package, at most 2^20 is accepted.
