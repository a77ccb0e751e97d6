//! The attacker's workshop: packages taken apart, altered at any depth, and put
//! together again with right digests and a right signature.
//!
//! The strongest attacker is a signer whom the reader trusts: what such a one
//! seals is right in every digest, and only the strict reading of what is
//! inside can refuse it. None of the library's writing code is used here; a fault in
//! that would hide the same fault in the reader.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use age::secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ssh_key::{HashAlg, LineEnding, PrivateKey, SshSig};

use crate::environment::Env;

/// The namespace of a package's signature.
pub(crate) const PACKAGE: &str = "exeat.package.v1";
/// The namespace of a rekey record's signature.
pub(crate) const REKEY: &str = "exeat.rekey.v1";

/// A folder with people and genuine packages in it, and their secrets.
pub(crate) struct Workshop {
    pub(crate) env: Env,
    pub(crate) sender: PrivateKey,
    pub(crate) stranger: PrivateKey,
    pub(crate) recipient_signs: PrivateKey,
    /// The recipient's identity.
    pub(crate) identity: age::x25519::Identity,
    drafts: BTreeMap<&'static str, Draft>,
    genuine: BTreeMap<&'static str, Members>,
}

impl Workshop {
    /// With the packages `plain` (files in one volume, not compressed), `volumes`
    /// (zstd, one file in three volumes), `stream` (raw), `other` (as `plain`, another
    /// package), all by the sender for the recipient.
    pub(crate) fn new() -> Self {
        let env = Env::with_people();
        for name in ["stranger", "third"] {
            env.person(name);
        }
        for signer in ["sender", "recipient"] {
            env.by("third", &format!("trust {signer}/signer.txt"))
                .ends(0);
        }
        for folder in ["data", "large"] {
            env.write(format!("{folder}/a.txt"), "Dear Dr Example\n");
            env.write(format!("{folder}/letters/b.txt"), "to the clinic\n");
            env.write(format!("{folder}/letters/c.txt"), "from the clinic\n");
        }
        env.write("large/zero.raw", vec![0; 2_500_000]);
        std::os::unix::fs::symlink("letters/b.txt", env.path("data/latest")).unwrap();
        env.package("data", "plain", "--compress none");
        env.package("data", "other", "--compress none");
        env.package("large", "volumes", "--compress zstd:1 --volume-size 1M");
        env.write("stream.bin", "a stream of bytes\n".repeat(50));
        stream(&env);
        let key = |person: &str| {
            PrivateKey::from_openssh(env.read(format!("{person}/signing_key"))).unwrap()
        };
        let secret = env.read("recipient/identity.txt");
        let line = secret.lines().find(|l| l.starts_with("AGE-SECRET-KEY-1"));
        let mut workshop = Self {
            sender: key("sender"),
            stranger: key("stranger"),
            recipient_signs: key("recipient"),
            identity: line.unwrap().parse().unwrap(),
            drafts: BTreeMap::new(),
            genuine: BTreeMap::new(),
            env,
        };
        for name in ["plain", "other", "volumes", "stream"] {
            let members = Members::read(&workshop.env.path(format!("out/{name}.exeat")));
            let draft = Draft::of(&members, &workshop.identity);
            workshop.drafts.insert(name, draft);
            workshop.genuine.insert(name, members);
        }
        workshop
    }

    /// A genuine package, as exeat made it.
    pub(crate) fn genuine(&self, name: &str) -> Members {
        self.genuine[name].clone()
    }

    /// What is inside of a genuine package.
    pub(crate) fn draft(&self, name: &str) -> Draft {
        self.drafts[name].clone()
    }

    /// `plain` with another inside, sealed and signed as the sender would.
    pub(crate) fn inner(&self, edit: impl FnOnce(&mut Draft)) -> Members {
        let mut draft = self.draft("plain");
        edit(&mut draft);
        draft.seal(self)
    }

    /// `plain` with other members, its manifest made to fit and signed.
    pub(crate) fn outer(&self, edit: impl FnOnce(&mut Members)) -> Members {
        let mut members = self.genuine("plain");
        edit(&mut members);
        members.account(self);
        members
    }

    /// `plain` with another manifest, signed by the sender.
    pub(crate) fn manifest(&self, edit: impl FnOnce(&mut Value)) -> Members {
        let mut members = self.genuine("plain");
        let mut manifest = members.manifest();
        edit(&mut manifest);
        members.put("manifest.json", canonical(&manifest));
        members.sign(&self.sender);
        members
    }

    /// `plain` with altered bytes of the manifest, signed by the sender.
    pub(crate) fn manifest_bytes(&self, edit: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Members {
        let mut members = self.genuine("plain");
        let bytes = edit(members.get("manifest.json").to_vec());
        members.put("manifest.json", bytes);
        members.sign(&self.sender);
        members
    }

    /// `plain` with other members, and nothing made to fit.
    pub(crate) fn damaged(&self, edit: impl FnOnce(&mut Members)) -> Members {
        let mut members = self.genuine("plain");
        edit(&mut members);
        members
    }

    /// For the recipient, as an age file.
    pub(crate) fn to_recipient(&self, bytes: &[u8]) -> Vec<u8> {
        encrypt(&self.identity.to_public(), bytes)
    }
}

fn stream(env: &Env) {
    let mut command = env.exeat();
    command
        .args(["--config-dir", "sender", "export", "-", "--to", "out"])
        .args(["--stdin-name", "s.bin", "--name", "stream"])
        .args(["-R", "recipient/recipient.txt", "--compress", "none"])
        .stdin(Stdio::from(fs::File::open(env.path("stream.bin")).unwrap()));
    crate::environment::Ran::of(&mut command).ends(0);
}

/// What is inside of a package, in the clear.
#[derive(Clone)]
pub(crate) struct Draft {
    /// The package key, as text.
    pub(crate) key: String,
    pub(crate) manifest: Value,
    pub(crate) readme: Vec<u8>,
    /// The first line of the inventory.
    pub(crate) header: Value,
    /// The others.
    pub(crate) lines: Vec<Value>,
    /// What the volumes hold, decompressed.
    pub(crate) volumes: Vec<Vec<u8>>,
}

impl Draft {
    /// Takes a genuine package apart.
    pub(crate) fn of(members: &Members, identity: &age::x25519::Identity) -> Self {
        let key = String::from_utf8(decrypt(identity, members.get("key.age"))).unwrap();
        let key = key.trim_end().to_owned();
        let manifest = members.manifest();
        let package: age::x25519::Identity = key.parse().unwrap();
        let is_zstd = manifest["payload"]["compression"] == "zstd";
        let open = |name: &str| {
            let bytes = decrypt(&package, members.get(name));
            match is_zstd {
                true => zstd::decode_all(&bytes[..]).unwrap(),
                false => bytes,
            }
        };
        let inventory = open("inventory.age");
        let mut lines = inventory
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap());
        Self {
            header: lines.next().unwrap(),
            lines: lines.collect(),
            volumes: members.volumes().iter().map(|name| open(name)).collect(),
            readme: members.get("README.txt").to_vec(),
            key,
            manifest,
        }
    }

    /// The inventory's text.
    pub(crate) fn text(&self) -> Vec<u8> {
        let lines = std::iter::once(&self.header).chain(&self.lines);
        lines.flat_map(canonical).collect()
    }

    /// The line of the entry with this path.
    pub(crate) fn line(&mut self, path: &str) -> &mut Value {
        let mut lines = self.lines.iter_mut();
        lines.find(|line| line["path"] == path).unwrap()
    }

    /// The header says how many lines there are, as it should.
    pub(crate) fn count(&mut self) {
        self.header["entries"] = json!(self.lines.len());
    }

    fn is_zstd(&self) -> bool {
        self.manifest["payload"]["compression"] == "zstd"
    }

    /// Encrypted to the package key, compressed as the manifest says.
    pub(crate) fn encrypted(&self, bytes: &[u8]) -> Vec<u8> {
        let package: age::x25519::Identity = self.key.parse().unwrap();
        match self.is_zstd() {
            true => encrypt(&package.to_public(), &zstd::encode_all(bytes, 1).unwrap()),
            false => encrypt(&package.to_public(), bytes),
        }
    }

    /// The package.
    pub(crate) fn seal(&self, workshop: &Workshop) -> Members {
        self.seal_with(workshop, &self.text())
    }

    /// The package, with this inventory.
    pub(crate) fn seal_with(&self, workshop: &Workshop, inventory: &[u8]) -> Members {
        let mut members = Members::default();
        for (number, volume) in self.volumes.iter().enumerate() {
            members.put(
                &format!("volume-{:05}.age", number + 1),
                self.encrypted(volume),
            );
        }
        members.put("inventory.age", self.encrypted(inventory));
        members.put("README.txt", self.readme.clone());
        let line = format!("{}\n", self.key);
        members.put("key.age", workshop.to_recipient(line.as_bytes()));
        members.put("manifest.json", canonical(&self.manifest));
        members.account(workshop);
        members
    }
}

/// The members of a package, by name.
#[derive(Clone, Default)]
pub(crate) struct Members(pub(crate) BTreeMap<String, Vec<u8>>);

impl Members {
    pub(crate) fn read(folder: &Path) -> Self {
        let items = fs::read_dir(folder).unwrap().map(|item| item.unwrap());
        let members = items.map(|item| {
            let name = item.file_name().into_string().unwrap();
            (name, fs::read(item.path()).unwrap())
        });
        Self(members.collect())
    }

    pub(crate) fn write(&self, folder: &Path) {
        fs::create_dir(folder).unwrap();
        for (name, bytes) in &self.0 {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }

    #[track_caller]
    pub(crate) fn get(&self, name: &str) -> &[u8] {
        &self.0[name]
    }

    #[track_caller]
    pub(crate) fn bytes(&mut self, name: &str) -> &mut Vec<u8> {
        self.0.get_mut(name).unwrap()
    }

    pub(crate) fn put(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.0.insert(name.to_owned(), bytes.into());
    }

    pub(crate) fn remove(&mut self, name: &str) -> Vec<u8> {
        self.0.remove(name).unwrap()
    }

    pub(crate) fn manifest(&self) -> Value {
        serde_json::from_slice(self.get("manifest.json")).unwrap()
    }

    /// The names of the volumes, in order.
    pub(crate) fn volumes(&self) -> Vec<String> {
        let names = self.0.keys().filter(|name| name.starts_with("volume-"));
        names.cloned().collect()
    }

    /// Makes the sums and the manifest fit, and has the sender sign it.
    pub(crate) fn account(&mut self, workshop: &Workshop) {
        let mut manifest = self.manifest();
        self.fit(&mut manifest);
        self.put("manifest.json", canonical(&manifest));
        self.sign(&workshop.sender);
    }

    /// Makes the sums fit, and a manifest.
    pub(crate) fn fit(&mut self, manifest: &mut Value) {
        let volumes = self.volumes();
        let listed = ["README.txt", "inventory.age"].into_iter();
        let listed = listed.chain(volumes.iter().map(String::as_str));
        let sums: String = listed
            .map(|name| format!("{}  {name}\n", sha256(self.get(name))))
            .collect();
        self.put("SHA256SUMS", sums);
        let member = |name: &str| {
            let bytes = self.get(name);
            json!({ "bytes": bytes.len(), "sha256": sha256(bytes) })
        };
        for (key, name) in [
            ("inventory", "inventory.age"),
            ("readme", "README.txt"),
            ("sums", "SHA256SUMS"),
        ] {
            manifest[key] = member(name);
        }
        manifest["key"]["envelope_sha256"] = json!(sha256(self.get("key.age")));
        let total: usize = volumes.iter().map(|name| self.get(name).len()).sum();
        manifest["payload"]["bytes"] = json!(total);
        let volumes = volumes.iter().map(|name| {
            let mut volume = member(name);
            volume["name"] = json!(name);
            volume
        });
        manifest["payload"]["volumes"] = volumes.collect();
    }

    /// Signs the manifest as it is.
    pub(crate) fn sign(&mut self, key: &PrivateKey) {
        let signature = sign(key, PACKAGE, self.get("manifest.json"));
        self.put("manifest.json.sig", signature);
    }
}

/// An OpenSSH signature, armoured.
pub(crate) fn sign(key: &PrivateKey, namespace: &str, message: &[u8]) -> String {
    signature(key, namespace, message)
        .to_pem(LineEnding::LF)
        .unwrap()
}

/// An OpenSSH signature.
pub(crate) fn signature(key: &PrivateKey, namespace: &str, message: &[u8]) -> SshSig {
    key.sign(namespace, HashAlg::Sha512, message).unwrap()
}

/// Compact JSON with sorted keys, and a newline.
pub(crate) fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value).unwrap();
    bytes.push(b'\n');
    bytes
}

/// In hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An age file.
pub(crate) fn encrypt(recipient: &age::x25519::Recipient, bytes: &[u8]) -> Vec<u8> {
    encrypt_to(&[recipient], bytes)
}

/// An age file for several.
pub(crate) fn encrypt_to(recipients: &[&age::x25519::Recipient], bytes: &[u8]) -> Vec<u8> {
    let recipients = recipients.iter().map(|&one| one as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).unwrap();
    let mut file = Vec::new();
    let mut writer = encryptor.wrap_output(&mut file).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap();
    file
}

/// The plaintext of an age file.
pub(crate) fn decrypt(identity: &age::x25519::Identity, file: &[u8]) -> Vec<u8> {
    let decryptor = age::Decryptor::new_buffered(file).unwrap();
    let identities = std::iter::once(identity as &dyn age::Identity);
    let mut plaintext = Vec::new();
    let mut reader = decryptor.decrypt(identities).unwrap();
    reader.read_to_end(&mut plaintext).unwrap();
    plaintext
}

/// A fresh package key, as text.
pub(crate) fn new_key() -> String {
    let key = age::x25519::Identity::generate();
    key.to_string().expose_secret().to_owned()
}
