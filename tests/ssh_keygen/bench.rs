//! A folder with the real `ssh-keygen` in it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use exeat_core::signature::PublicKey;

use crate::{MESSAGE, Question, time};

/// A folder with an `ssh-keygen` at work in it; removed at the end.
pub(crate) struct Bench(pub(crate) PathBuf);

impl Bench {
    /// Nothing where ssh-keygen is missing; the test should then end, and says
    /// so past the harness's capture.
    pub(crate) fn new() -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        if Command::new("ssh-keygen").arg("-?").output().is_err() {
            let mut stderr = std::io::stderr();
            stderr
                .write_all(b"SKIPPED: ssh-keygen is not installed\n")
                .unwrap();
            return None;
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir =
            std::env::temp_dir().join(format!("exeat-ssh-keygen-{}-{number}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        Some(Self(dir))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        // ssh-keygen refuses private keys that others can read.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs ssh-keygen in the folder, in UTC and without an agent.
    pub(crate) fn run(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        let mut child = Command::new("ssh-keygen")
            .args(arguments)
            .current_dir(&self.0)
            .env_remove("SSH_AUTH_SOCK")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may end before it has read its input.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap()
    }

    pub(crate) fn must(&self, arguments: &[&str], stdin: &[u8]) -> String {
        let output = self.run(arguments, stdin);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// A new key in the file `name`, with `options` such as `-t ed25519`; its
    /// public half.
    pub(crate) fn keygen(&self, name: &str, passphrase: &str, options: &[&str]) -> PublicKey {
        self.must(
            &[
                &["-q", "-f", name, "-N", passphrase, "-C", "made there"],
                options,
            ]
            .concat(),
            b"",
        );
        PublicKey::parse(&fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap()).unwrap()
    }

    /// A signature over [`MESSAGE`] by the key in the file `name`.
    pub(crate) fn sign(&self, name: &str, namespace: &str, options: &[&str]) -> String {
        self.must(
            &[&["-Y", "sign", "-q", "-f", name, "-n", namespace], options].concat(),
            MESSAGE,
        )
    }

    /// Whether ssh-keygen accepts the signature.
    pub(crate) fn verifies(&self, question: &Question<'_>, message: &[u8]) -> bool {
        self.write("allowed", question.allowed);
        self.write("sig", question.signature);
        let time = format!(
            "-Overify-time={}",
            time(question.at).strftime("%Y%m%d%H%M%SZ")
        );
        let (principal, namespace) = (question.principal, question.namespace);
        let arguments = [
            "-Y", "verify", "-f", "allowed", "-I", principal, "-n", namespace, "-s", "sig", &time,
        ];
        self.run(&arguments, message).status.success()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
