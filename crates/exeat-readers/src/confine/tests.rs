//! What a process still can do after [`confine`]: this test binary starts itself
//! again, for [`child`] to be confined and to try.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use super::{Open, confine};

/// Named in the environment of the one that is to be confined.
const PART: &str = "EXEAT_CONFINED";

/// What a reader needs, and what whoever took it over would want.
struct Try {
    what: &'static str,
    is_allowed: bool,
    it: fn(&Held) -> io::Result<()>,
}

/// What was open before.
struct Held {
    /// The file that is to be read.
    input: File,
    /// Another one, to read and to write, which was inherited.
    other: File,
}

const TRIES: &[Try] = &[
    Try {
        what: "read the file",
        is_allowed: true,
        it: |held| held.input.read_exact_at(&mut [0; 4], 0),
    },
    Try {
        what: "take memory",
        is_allowed: true,
        it: |_| {
            let bytes = std::hint::black_box(vec![1_u8; 4 << 20]);
            assert!(bytes.iter().all(|&byte| byte == 1));
            Ok(())
        },
    },
    Try {
        what: "take more memory than there is for it",
        is_allowed: false,
        it: |_| {
            let mut bytes = Vec::<u8>::new();
            let size = usize::try_from(super::MEMORY).expect("fits");
            bytes.try_reserve_exact(size).map_err(io::Error::other)
        },
    },
    Try {
        what: "read another file that is open",
        is_allowed: false,
        it: |held| held.other.read_exact_at(&mut [0; 4], 0),
    },
    Try {
        what: "write into another file that is open",
        is_allowed: false,
        it: |held| (&held.other).write_all(b"taken"),
    },
    Try {
        what: "write into the file",
        is_allowed: false,
        it: |held| held.input.write_all_at(b"taken", 0),
    },
    Try {
        what: "open a file",
        is_allowed: false,
        it: |_| File::open("/etc/passwd").map(drop),
    },
    Try {
        what: "list a folder",
        is_allowed: false,
        it: |_| std::fs::read_dir("/").map(drop),
    },
    Try {
        what: "make a file",
        is_allowed: false,
        it: |_| {
            let flags = rustix::fs::MemfdFlags::empty();
            Ok(rustix::fs::memfd_create("name", flags).map(drop)?)
        },
    },
    Try {
        what: "reach the network",
        is_allowed: false,
        it: |_| TcpListener::bind("127.0.0.1:0").map(drop),
    },
    Try {
        what: "make a socket",
        is_allowed: false,
        it: |_| UnixStream::pair().map(drop),
    },
    Try {
        what: "start a program",
        is_allowed: false,
        it: |_| Command::new("/bin/true").status().map(drop),
    },
    Try {
        what: "start a thread",
        is_allowed: false,
        it: |_| std::thread::Builder::new().spawn(|| ()).map(drop),
    },
    Try {
        what: "send a signal",
        is_allowed: false,
        it: |_| {
            Ok(rustix::process::test_kill_process(
                rustix::process::getpid(),
            )?)
        },
    },
    Try {
        what: "lift a limit",
        is_allowed: false,
        it: |_| {
            let none = rustix::process::Rlimit {
                current: None,
                maximum: None,
            };
            Ok(rustix::process::setrlimit(super::Resource::Data, none)?)
        },
    },
    Try {
        what: "be looked at by others",
        is_allowed: false,
        it: |_| {
            let shown = super::DumpableBehavior::Dumpable;
            Ok(rustix::process::set_dumpable_behavior(shown)?)
        },
    },
];

/// Is confined and tries, where the environment says so; is no test of its own.
#[test]
fn child() {
    if std::env::var_os(PART).is_none() {
        return;
    }
    let mut held = Held {
        input: tempfile::tempfile().expect("made"),
        other: tempfile::tempfile().expect("made"),
    };
    for file in [&mut held.input, &mut held.other] {
        file.write_all(b"content").expect("written");
    }
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned().expect("open"));
    let open = Open {
        inputs: [held.input.as_raw_fd(); 2],
        output: out.as_raw_fd(),
    };
    // The harness has not ended its line.
    writeln!(out).expect("written");
    confine(7, &open).expect("confined");
    for one in TRIES {
        let done = match (one.it)(&held) {
            Ok(()) => "done".to_owned(),
            Err(error) => format!("not done: {error}"),
        };
        writeln!(out, "tried to {}: {done}", one.what).expect("written");
    }
    // What the harness does at its end is not allowed any more.
    std::process::exit(0);
}

#[test]
fn nothing_is_left_but_to_read_and_to_write() {
    let this = std::env::current_exe().expect("known");
    let mut command = Command::new(this);
    command.args(["--exact", "confine::tests::child", "--nocapture"]);
    command.arg("--test-threads=1").env(PART, "1");
    // A pipe: the size of files is limited to nothing.
    let output = command.stdin(Stdio::null()).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    for one in TRIES {
        let start = format!("tried to {}: ", one.what);
        let line = said.lines().find_map(|line| line.strip_prefix(&start));
        let line = line.unwrap_or_else(|| panic!("no word of {:?} in\n{said}", one.what));
        match one.is_allowed {
            true => assert_eq!(line, "done", "{}", one.what),
            false => assert!(line.starts_with("not done: "), "{}: {line}", one.what),
        }
    }
}
