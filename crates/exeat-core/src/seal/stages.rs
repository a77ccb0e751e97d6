//! How long each stage of sealing takes alone and on one thread, so that what has become
//! slower has a name. `tests/bench/run --part stages` runs it and compares the sum with
//! whole commands.
//!
//! What a stage works on lies in memory before its time begins, and what comes of it is
//! thrown away; `list`, `read`, `recheck` and `write` alone touch a file system.

use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Cursor, Read as _, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::volume::BUFFER;
use super::{Plan, SealOptions, is_sealed_file, plan};
use crate::codec::{Encoder, Level};
use crate::digest::Hasher;
use crate::framing::{BLOCK, Frame, PayloadKind};
use crate::inspect::{Depth, Inspection, NamedColumns};
use crate::keys::{PackageKey, encrypt_to};
use crate::layout::volume_name;
use crate::progress::Silent;
use crate::source::{Entry, ListOptions, Source, SourceError};

/// What age writes at once: 64 KiB and their tag.
const SEALED_PIECE: usize = (64 << 10) + 16;
/// Ticks a second in /proc, on every machine that Linux runs on.
const TICKS: f64 = 100.0;

type Failure = Box<dyn Error>;

/// What is printed of a stage: of the round whose time is the median.
#[derive(Serialize)]
struct Line {
    stage: &'static str,
    bytes: u64,
    seconds: f64,
    user: f64,
    system: f64,
}

struct Stages {
    rounds: usize,
    lines: Vec<Line>,
}

impl Stages {
    /// Measures after a round that does not count: it warms caches, and gets from the
    /// host of a virtual machine the memory that is written to.
    fn time<T>(
        &mut self,
        stage: &'static str,
        bytes: u64,
        mut work: impl FnMut() -> Result<T, Failure>,
    ) -> Result<(), Failure> {
        let mut lines = Vec::new();
        for _ in 0..=self.rounds {
            let before = cpu()?;
            let begun = Instant::now();
            let made = work()?;
            let seconds = begun.elapsed().as_secs_f64();
            let after = cpu()?;
            // Removing what was written is no part of the stage.
            drop(black_box(made));
            lines.push(Line {
                stage,
                bytes,
                seconds,
                user: (after.0 - before.0) / TICKS,
                system: (after.1 - before.1) / TICKS,
            });
        }
        lines.remove(0);
        lines.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
        self.lines.push(lines.swap_remove(self.rounds / 2));
        Ok(())
    }
}

/// Ticks that this thread has spent as a user and in the system: proc_pid_stat(5).
fn cpu() -> Result<(f64, f64), Failure> {
    let text = fs::read_to_string("/proc/thread-self/stat")?;
    // The name before it may have anything in it.
    let (_, fields) = text.rsplit_once(") ").ok_or("no name")?;
    let mut ticks = fields.split(' ').skip(11).map(str::parse::<f64>);
    let mut next = || ticks.next().ok_or("too few fields");
    Ok((next()??, next()??))
}

/// Measures every stage of sealing `data`; what is written goes below `out`.
fn measure(data: &Path, out: &Path, rounds: usize) -> Result<Vec<Line>, Failure> {
    let mut stages = Stages {
        rounds,
        lines: Vec::new(),
    };
    let source = Source::open(&[data])?;
    let list = || source.list(&ListOptions::default(), &Silent);
    let listing = list()?;
    let bytes = listing.bytes();
    let mut buffer = vec![0; BUFFER];
    let mut read = |entry: &Entry<'_>, each: &mut dyn FnMut(&[u8])| -> Result<(), SourceError> {
        let mut reader = source.read_file(entry, 0..entry.bytes())?;
        loop {
            match reader.next(&mut buffer)? {
                [] => return Ok(()),
                data => each(data),
            }
        }
    };

    stages.time("list", bytes, || Ok(list()?))?;
    stages.time("read", bytes, || {
        let mut files = listing.entries().filter(is_sealed_file);
        let mut each = |data: &[u8]| {
            black_box(data);
        };
        Ok(files.try_for_each(|entry| read(&entry, &mut each))?)
    })?;
    stages.time("recheck", bytes, || {
        Ok(source.check_unchanged(&listing, NonZeroUsize::MIN, &Silent)?)
    })?;

    let Plan {
        stream: length,
        volume_size,
        ..
    } = plan(&listing, &SealOptions::default())?;
    let mut stream = Vec::with_capacity(length.try_into()?);
    let mut files = Vec::new();
    for entry in listing.entries() {
        stream.extend(Frame::of(&entry).header());
        if is_sealed_file(&entry) {
            let begin = stream.len();
            read(&entry, &mut |data| stream.extend_from_slice(data))?;
            files.push((entry, begin..stream.len()));
            stream.resize(stream.len().next_multiple_of(BLOCK.try_into()?), 0);
        }
    }

    stages.time("hash", bytes, || {
        for (_, range) in &files {
            let mut hasher = Hasher::default();
            let data = stream[range.clone()].chunks(BUFFER);
            data.for_each(|data| hasher.update(data));
            black_box(hasher.finish());
        }
        Ok(())
    })?;
    stages.time("scan", bytes, || {
        let inspection = Inspection::new(Depth::Full, None, NamedColumns::default());
        for (entry, range) in &files {
            let mut inspector = inspection.begin();
            for data in stream[range.clone()].chunks(BUFFER) {
                inspector.push(&inspection, data);
                inspection.advance(data.len() as u64);
            }
            inspection.end(&source, entry, inspector, &Silent)?;
        }
        Ok(inspection.finish(&listing))
    })?;
    let zeros = [0_u8; 512];
    stages.time("tar", bytes, || {
        for entry in listing.entries() {
            black_box(Frame::of(&entry).header());
            let padding = PayloadKind::Tar.padding(entry.bytes());
            black_box(&zeros[..padding.try_into()?]);
        }
        Ok(())
    })?;

    let volume_size = volume_size.try_into()?;
    let volumes = || stream.chunks(volume_size);
    let length = stream.len() as u64;
    stages.time("compress", length, || {
        for volume in volumes() {
            let mut out = Encoder::new(io::sink(), Some(Level::FAST))?;
            let mut pieces = volume.chunks(BUFFER);
            pieces.try_for_each(|piece| out.write_all(piece))?;
            out.finish()?;
        }
        Ok(())
    })?;
    let key = PackageKey::generate();
    stages.time("encrypt", length, || {
        for volume in volumes() {
            encrypt(&key, volume, io::sink())?;
        }
        Ok(())
    })?;

    let sealed: Vec<Vec<u8>> = volumes()
        .map(|volume| encrypt(&key, volume, Vec::with_capacity(volume.len())))
        .collect::<io::Result<_>>()?;
    let sealed_bytes = sealed.iter().map(|volume| volume.len() as u64).sum();
    stages.time("write", sealed_bytes, || {
        let folder = tempfile::tempdir_in(out)?;
        for (n, volume) in sealed.iter().enumerate() {
            let mut file = File::create_new(folder.path().join(volume_name(n + 1)))?;
            let mut pieces = volume.chunks(SEALED_PIECE);
            pieces.try_for_each(|piece| file.write_all(piece))?;
            file.sync_all()?;
        }
        Ok(folder)
    })?;
    let mut buffer = vec![0; BUFFER];
    stages.time("decrypt", sealed_bytes, || {
        let mut opened = 0;
        for volume in &sealed {
            let mut plain = key.decrypt(Cursor::new(volume))?;
            loop {
                match plain.read(&mut buffer)? {
                    0 => break,
                    count => opened += count as u64,
                }
            }
        }
        assert_eq!(opened, length, "all of it is there again");
        Ok(())
    })?;
    Ok(stages.lines)
}

fn encrypt<W: Write>(key: &PackageKey, volume: &[u8], sink: W) -> io::Result<W> {
    let mut out = encrypt_to(&key.recipient(), sink)?;
    let mut pieces = volume.chunks(BUFFER);
    pieces.try_for_each(|piece| out.write_all(piece))?;
    out.finish()
}

#[test]
#[ignore = "prints figures: tests/bench/run --part stages"]
fn each_stage_alone() {
    let named = |name| std::env::var(name).unwrap_or_else(|_| panic!("set {name}"));
    let folder = |name| PathBuf::from(named(name));
    let rounds = named("EXEAT_STAGES_ROUNDS").parse().expect("a number");
    let (data, out) = (folder("EXEAT_STAGES_DATA"), folder("EXEAT_STAGES_OUT"));
    for line in measure(&data, &out, rounds).expect("it can be sealed") {
        println!("{}", serde_json::to_string(&line).expect("numbers"));
    }
}

/// What is run by hand alone would be broken when it is needed.
#[test]
fn every_stage_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    for folder in [&data, &data.join("ward"), &out] {
        fs::create_dir(folder).expect("a folder");
    }
    let rows = "id,ward\n".to_owned() + &"1,ward 7\n".repeat(30_000);
    fs::write(data.join("ward/table.csv"), &rows).expect("written");
    fs::write(data.join("empty"), "").expect("written");
    let lines = measure(&data, &out, 2).expect("it can be sealed");
    let stages: Vec<_> = lines.iter().map(|line| line.stage).collect();
    let all = "list read recheck hash scan tar compress encrypt write decrypt";
    assert_eq!(stages.join(" "), all);
    assert!(lines.iter().all(|line| line.bytes >= rows.len() as u64));
    let left = fs::read_dir(&out).expect("there").count();
    assert_eq!(left, 0, "what was written is gone");
}
