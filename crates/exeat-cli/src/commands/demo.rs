//! `exeat demo`: the real commands, run before the user's eyes on a made-up
//! clinic. Every line that begins with `$` could be typed as it stands.
#![expect(
    clippy::disallowed_methods,
    reason = "the demonstration makes its own files, in a folder of its own"
)]

mod clinic;

use exeat_core::path::shown;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::args::Demo;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Story {
    dir: String,
    commands: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    command: String,
    exit: u8,
}

pub(crate) fn run(args: &Demo, ui: &Ui) -> Result<Report, CommandError> {
    let dir = folder(args.dir.as_deref())?;
    let mut show = Show {
        program: std::env::current_exe().map_err(|e| CommandError::io("cannot find myself", &e))?,
        dir,
        ui,
        steps: Vec::new(),
    };
    show.story()?;
    let shown = render::shell(&show.dir.display().to_string());
    let text = format!(
        "\nThat was all of it. Everything is in {shown}:\n  \
         cd {shown}      to look around and run the commands yourself\n  \
         rm -r {shown}   to remove it\n"
    );
    Ok(Report::new(
        ui,
        || text,
        &Story {
            dir: show.dir.display().to_string(),
            commands: show.steps,
        },
    ))
}

/// The folder for the demonstration, made or found empty.
fn folder(given: Option<&Path>) -> Result<PathBuf, CommandError> {
    let failed = |path: &Path, e: &std::io::Error| {
        CommandError::io(format!("cannot use {}", shown(path)), e)
    };
    let path = match given {
        Some(path) => path.to_owned(),
        None => {
            let number = exeat_core::manifest::PackageId::generate().short();
            std::env::temp_dir().join(format!("exeat-demo-{number}"))
        }
    };
    if path.is_dir() {
        let mut items = fs::read_dir(&path).map_err(|e| failed(&path, &e))?;
        if items.next().is_some() {
            let message = format!("{} is not empty; nothing was changed", shown(&path));
            return Err(CommandError::new(Exit::Failed, "demo-folder", message)
                .with_help("name a new folder"));
        }
    } else {
        fs::create_dir(&path).map_err(|e| failed(&path, &e))?;
    }
    path.canonicalize().map_err(|e| failed(&path, &e))
}

struct Show<'a> {
    program: PathBuf,
    dir: PathBuf,
    ui: &'a Ui,
    steps: Vec<Step>,
}

/// How a shell reports a program that wrote to a stream nobody reads.
const SIGPIPE: u8 = 128 + 13;

const SENDER: &str = "--config-dir sender";
const RECIPIENT: &str = "--config-dir recipient";

impl Show<'_> {
    fn story(&mut self) -> Result<(), CommandError> {
        let io = |what: &str| {
            let what = format!("cannot {what}");
            move |e: std::io::Error| CommandError::io(what, &e)
        };
        let clinic_dir = self.dir.join("clinic");
        fs::create_dir(&clinic_dir).map_err(io("make the clinic"))?;
        fs::create_dir(self.dir.join("usb")).map_err(io("make the disk"))?;
        let clinic = clinic::write(&clinic_dir).map_err(io("make the clinic"))?;
        self.tell(&format!(
            "A made-up clinic: {} patients who do not exist, {} letters, {} scans; {}.\n$ cd {}\n$ alias exeat={}\n$ export XDG_STATE_HOME=$PWD/state   # a ledger of its own",
            render::thousands(clinic.patients as u64),
            clinic.letters,
            clinic.scans,
            render::bytes(clinic.bytes),
            render::shell(&self.dir.display().to_string()),
            render::shell(&self.program.display().to_string()),
        ));

        self.tell("\n1. Somebody in a hurry copies the clinic to a disk, as it is. exeat says no, and why.");
        self.exeat(
            &format!("{SENDER} export clinic --to usb --name clinic --plain"),
            Exit::Refused,
        )?;
        self.shell("ls -A usb   # nothing is there")?;

        self.tell("\n2. Sender and recipient make their keys, once.");
        self.exeat(
            &format!("{SENDER} init --name data-office@clinic.example"),
            Exit::Done,
        )?;
        self.exeat(
            &format!("{RECIPIENT} init --name analyst@university.example"),
            Exit::Done,
        )?;

        self.tell(
            "\n3. The recipient trusts the sender's signature, having compared the fingerprint\n   \
             by telephone. The sender has the recipient's line in a file.",
        );
        self.exeat(&format!("{RECIPIENT} trust sender/signer.txt"), Exit::Done)?;

        self.tell("\n4. The sender seals the clinic for the recipient, onto the disk.");
        self.exeat(
            &format!(
                "{SENDER} export clinic --to usb --name audit -R recipient/recipient.txt \
                 --purpose 'audit 2026'"
            ),
            Exit::Done,
        )?;
        self.tell("\n   What a finder of the disk would see:");
        self.shell("ls usb/audit.exeat")?;

        self.tell("\n5. The recipient checks what arrived: first without any key, then with it.");
        self.exeat(&format!("{RECIPIENT} verify usb/audit.exeat"), Exit::Done)?;
        let identity = "recipient/identity.txt";
        self.exeat(
            &format!("{RECIPIENT} verify usb/audit.exeat -i {identity}"),
            Exit::Done,
        )?;

        self.tell("\n6. Somebody changes one byte of a copy. It is noticed, and refused.");
        self.tamper().map_err(io("make the altered copy"))?;
        self.exeat(
            &format!("{RECIPIENT} verify usb/altered.exeat"),
            Exit::Damaged,
        )?;
        self.exeat(
            &format!("{RECIPIENT} open usb/altered.exeat --to stolen"),
            Exit::Damaged,
        )?;

        self.tell("\n7. Whoever is not a recipient cannot open it: not even the sender.");
        self.exeat(
            &format!("{SENDER} open usb/audit.exeat --to stolen"),
            Exit::Failed,
        )?;
        if self.dir.join("stolen").exists() {
            return Err(CommandError::new(
                Exit::Internal,
                "demo",
                "something was opened",
            ));
        }

        self.tell("\n8. The recipient opens it, and has what was sent.");
        self.exeat(
            &format!("{RECIPIENT} open usb/audit.exeat --to received"),
            Exit::Done,
        )?;
        self.shell("diff -r --no-dereference clinic received/clinic && echo 'no difference'")
    }

    fn tell(&self, text: &str) {
        if !self.ui.json {
            self.ui.tell(text);
        }
    }

    /// Runs exeat as the user could, and checks how it ends.
    fn exeat(&mut self, arguments: &str, expected: Exit) -> Result<(), CommandError> {
        // The program that is running, whatever the PATH holds.
        let run = format!("\"$EXEAT\" {arguments}");
        self.run(&format!("exeat {arguments}"), &run, expected)
    }

    fn shell(&mut self, line: &str) -> Result<(), CommandError> {
        self.run(line, line, Exit::Done)
    }

    fn run(&mut self, shown: &str, line: &str, expected: Exit) -> Result<(), CommandError> {
        self.tell(&format!("\n$ {shown}"));
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .current_dir(&self.dir)
            .env("EXEAT", &self.program)
            // What the demonstration does is not for the user's own record.
            .env("XDG_STATE_HOME", self.dir.join("state"))
            .stdin(Stdio::null());
        if self.ui.json {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let status = command
            .status()
            .map_err(|e| CommandError::io("cannot run a command", &e))?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        if code == Some(SIGPIPE) {
            let message = "whoever read this closed the stream";
            return Err(CommandError::new(Exit::Failed, "closed", message));
        }
        if code != Some(expected.code()) {
            let message = format!(
                "the command above should have ended with exit code {}: {status}",
                expected.code()
            );
            return Err(CommandError::new(Exit::Internal, "demo", message));
        }
        if expected != Exit::Done {
            self.tell(&format!("(exit code {})", expected.code()));
        }
        self.steps.push(Step {
            command: shown.to_owned(),
            exit: expected.code(),
        });
        Ok(())
    }

    /// A copy of the package with one byte changed in the middle of a volume.
    fn tamper(&self) -> std::io::Result<()> {
        let (from, to) = (
            self.dir.join("usb/audit.exeat"),
            self.dir.join("usb/altered.exeat"),
        );
        fs::create_dir(&to)?;
        for item in fs::read_dir(&from)? {
            let item = item?;
            fs::copy(item.path(), to.join(item.file_name()))?;
        }
        let volume = to.join("volume-00001.age");
        let mut bytes = fs::read(&volume)?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(volume, bytes)
    }
}
