//! Places on a recorded machine (`machine.txt`), whose `/proc` and `/sys` are
//! made in a temporary folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// The recorded machine, and a file on one of its file systems.
struct Machine {
    dir: TempDir,
    file: File,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().canonicalize().expect("resolves").join("file");
        let file = File::create(&path).expect("made");
        let text = include_str!("machine.txt").replace("@file@", path.to_str().expect("UTF-8"));
        fs::create_dir_all(dir.path().join("proc/thread-self")).expect("made");
        build(&dir.path().join("sys"), &text);
        Self { dir, file }
    }

    fn probe(&self) -> Probe {
        Probe::new(&self.dir.path().join("proc"), &self.dir.path().join("sys"))
    }

    fn block(&self, number: (u32, u32)) -> Layer {
        self.probe().block(number, MAX_LAYERS)
    }

    /// The file's place, if its mount were this one (device, type, source).
    fn mounted(&self, mount: &str) -> Place {
        let stat = rustix::fs::statx(&self.file, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)
            .expect("a file");
        let (device, rest) = mount.split_once(' ').expect("a device");
        let line = format!("{} 1 {device} / /a\\040b rw - {rest} rw\n", stat.stx_mnt_id);
        fs::write(self.dir.path().join("proc/thread-self/mountinfo"), line).expect("written");
        self.probe().place(self.file.as_fd(), MAX_LAYERS)
    }
}

/// Makes the tree of folders that `text` describes; `machine.txt` says how.
fn build(sys: &Path, text: &str) {
    let mut open: Vec<(usize, PathBuf)> = Vec::new();
    let mut devices = BTreeMap::new();
    let mut links = Vec::new();
    for line in text.lines() {
        let words = line.trim_start();
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        let indent = line.len() - words.len();
        open.retain(|(above, _)| *above < indent);
        let mut words = words.split(' ');
        let parent = open.last().map_or(sys, |(_, path)| path);
        let folder = parent.join(words.next().expect("a name"));
        fs::create_dir_all(&folder).expect("made");
        for word in words {
            if let Some((name, target)) = word.split_once("->") {
                symlink(sys.join(target), folder.join(name)).expect("linked");
                continue;
            }
            let (name, value) = word.split_once('=').expect("name=value");
            match name {
                "subsystem" => {
                    symlink(sys.join("bus").join(value), folder.join(name)).expect("linked");
                }
                "slaves" | "devices" => links.extend(
                    value
                        .split(',')
                        .map(|disk| (folder.join(name), disk.to_owned())),
                ),
                _ => {
                    let file = folder.join(name);
                    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
                    fs::write(file, value.replace("\\040", " ") + "\n").expect("written");
                }
            }
            if name == "dev" {
                let link = sys.join("dev/block").join(value);
                fs::create_dir_all(link.parent().expect("a folder")).expect("made");
                symlink(&folder, link).expect("linked");
                let disk = folder.file_name().expect("a name").to_owned();
                devices.insert(disk.into_string().expect("UTF-8"), folder.clone());
            }
        }
        open.push((indent, folder));
    }
    for (folder, disk) in links {
        fs::create_dir_all(&folder).expect("made");
        let target = devices
            .get(&disk)
            .cloned()
            .unwrap_or_else(|| sys.join("devices/gone"));
        symlink(target, folder.join(disk)).expect("linked");
    }
}

#[test]
fn disks() {
    use Medium::{Fixed, Memory, Network, Optical, Removable, Unrecognised};
    let machine = Machine::new();
    for (number, medium, why) in [
        ((254, 0), Fixed, "fixed disk vda"),
        ((254, 1), Fixed, "fixed disk vda1"),
        ((8, 1), Fixed, "fixed disk sda1"),
        ((259, 1), Fixed, "fixed disk nvme0n1p1"),
        ((259, 11), Fixed, "fixed disk nvme1n1p1"),
        ((179, 10), Fixed, "fixed disk mmcblk1p2"),
        ((8, 17), Removable, "USB disk sdb1"),
        ((8, 33), Removable, "USB disk sdc1"),
        ((179, 1), Removable, "memory card mmcblk0p1"),
        ((179, 16), Removable, "memory card mmcblk2"),
        ((251, 0), Removable, "Memory Stick mspblk0"),
        ((8, 96), Removable, "FireWire disk sdg"),
        ((8, 112), Removable, "removable disk sdh"),
        ((2, 0), Removable, "removable disk fd0"),
        (
            (259, 40),
            Removable,
            "Thunderbolt or other external disk nvme4n1",
        ),
        (
            (259, 50),
            Removable,
            "Thunderbolt or other external disk nvme5n1",
        ),
        (
            (259, 60),
            Removable,
            "Thunderbolt or other external disk nvme6n1",
        ),
        ((11, 0), Optical, "optical disc sr0"),
        ((11, 1), Optical, "optical disc sr1"),
        ((43, 0), Network, "network disk nbd0"),
        ((147, 0), Network, "network disk drbd0"),
        ((152, 0), Network, "network disk etherd!e0.0"),
        ((8, 65), Network, "storage network disk sde1"),
        ((8, 80), Network, "storage network disk sdf"),
        ((8, 144), Network, "storage network disk sdj"),
        ((8, 160), Network, "storage network disk sdk"),
        ((259, 20), Network, "storage network disk nvme2n1"),
        ((259, 30), Network, "storage network disk nvme3n1"),
        ((253, 0), Memory, "memory zram0"),
        ((253, 1), Unrecognised, "memory and a disk behind zram1"),
        ((8, 128), Unrecognised, "unknown kind of disk sdi"),
        ((7, 3), Unrecognised, "unknown kind of disk loop3"),
        (
            (8, 255),
            Unrecognised,
            "block device 8:255 that /sys does not show",
        ),
    ] {
        let layer = machine.block(number);
        assert_eq!((layer.medium, layer.why.as_str()), (medium, why));
        assert!(!layer.encrypted, "{why}");
    }
}

#[test]
fn disks_on_disks() {
    use Medium::{Encrypted, Fixed, Removable, Unrecognised};
    let machine = Machine::new();
    let usb_of_two = "2 devices, among them USB disk sdc2";
    for (number, medium, encrypted, why) in [
        (
            (252, 0),
            Encrypted,
            true,
            "dm-crypt dm-0 on fixed disk nvme0n1p3",
        ),
        ((252, 1), Removable, true, "dm-crypt dm-1 on USB disk sdc1"),
        (
            (252, 2),
            Encrypted,
            true,
            "dm-2 on dm-crypt dm-0 on fixed disk nvme0n1p3",
        ),
        ((252, 3), Fixed, false, "dm-3 on fixed disk sda2"),
        (
            (252, 4),
            Fixed,
            false,
            "dm-4 on 2 devices, among them fixed disk sda2",
        ),
        (
            (252, 5),
            Removable,
            true,
            "dm-5 on 2 devices, among them dm-crypt dm-1 on USB disk sdc1",
        ),
        ((252, 6), Unrecognised, false, "unknown kind of disk dm-6"),
        (
            (252, 7),
            Unrecognised,
            false,
            "dm-7 on 2 devices, among them hidden device gone",
        ),
        ((9, 0), Removable, false, &format!("md0 on {usb_of_two}")),
        (
            (259, 110),
            Removable,
            false,
            &format!("md0p1 on {usb_of_two}"),
        ),
        (
            (252, 8),
            Encrypted,
            true,
            "dm-crypt dm-8 on md1 on 2 devices, among them fixed disk",
        ),
    ] {
        let layer = machine.block(number);
        assert!(layer.why.starts_with(why), "{} instead of {why}", layer.why);
        assert_eq!(
            (layer.medium, layer.encrypted),
            (medium, encrypted),
            "{why}"
        );
    }
    let ring = machine.block((252, 9));
    assert_eq!(ring.medium, Unrecognised);
    assert!(ring.why.contains("too many devices"), "{}", ring.why);
    assert_eq!(ring.why.matches("dm-").count(), usize::from(MAX_LAYERS) + 1);
}

#[test]
fn file_systems() {
    use Medium::{Encrypted, Fixed, Memory, Network, Optical, Removable, Unrecognised};
    let machine = Machine::new();
    for (mount, medium, why) in [
        (
            "8:17 vfat /dev/sdb1",
            Removable,
            r"USB disk sdb1 (vfat) at /a b",
        ),
        (
            "252:2 ext4 /dev/mapper/vg-home",
            Encrypted,
            r"dm-2 on dm-crypt dm-0 on ",
        ),
        ("11:0 udf /dev/sr0", Optical, "optical disc sr0 (udf)"),
        ("8:1 xfs /dev/sda1", Fixed, "fixed disk sda1 (xfs)"),
        ("0:40 tmpfs x", Memory, "memory (tmpfs)"),
        (
            "0:40 nfs4 nas:/a\\012b",
            Network,
            r"network share nas:/a\nb (nfs4)",
        ),
        (
            "0:40 virtiofs host",
            Network,
            "network share host (virtiofs)",
        ),
        (
            "0:40 overlay x",
            Unrecognised,
            "several file systems laid over one another (overlay)",
        ),
        (
            "0:40 zfs pool",
            Unrecognised,
            "a file system of which the kernel names no disk (zfs)",
        ),
        (
            "0:40 fuse.tmpfs x",
            Unrecognised,
            "a file system run by a program (fuse.tmpfs)",
        ),
        (
            "8:17 fuseblk /dev/sdb1",
            Removable,
            "USB disk sdb1 (fuseblk)",
        ),
        (
            "8:1 fuseblk.ext4 /dev/sda1",
            Unrecognised,
            "a file system run by a program",
        ),
        (
            "8:64 fuseblk /dev/sde",
            Unrecognised,
            "a file system run by a program",
        ),
        (
            "0:40 btrfs /dev/sda1",
            Removable,
            "2 devices, among them USB disk sdb1 (btrfs)",
        ),
        ("0:40 btrfs /dev/dm-2", Encrypted, "dm-2 on dm-crypt dm-0"),
        (
            "0:40 btrfs /dev/mapper/vg-home",
            Encrypted,
            "dm-2 on dm-crypt dm-0",
        ),
        (
            "0:40 btrfs /dev/root",
            Removable,
            "3 devices, among them USB disk sdb1",
        ),
        // A loop device, whose file is on the file system that it bears.
        (
            "7:0 ext4 /dev/loop0",
            Unrecognised,
            "loop0 on a file on loop0 on a file on ",
        ),
        (
            "7:1 ext4 /dev/loop1",
            Unrecognised,
            "loop1 on a file on an unknown place (",
        ),
        (
            "7:2 ext4 /dev/loop2",
            Unrecognised,
            "loop2 on a file on an unknown place (",
        ),
    ] {
        let place = machine.mounted(mount);
        assert_eq!(place.medium(), medium, "{mount}: {}", place.why());
        assert!(place.why().starts_with(why), "{mount}: {}", place.why());
        assert_eq!(place.mount_point(), Some(Path::new("/a b")));
        let filesystem = mount.split(' ').nth(1);
        assert_eq!(place.filesystem(), filesystem);
    }
}

#[test]
fn a_loop_device_is_where_its_file_is() {
    let machine = Machine::new();
    for (mount, medium, encrypted, why) in [
        (
            "8:17 vfat /dev/sdb1",
            Medium::Removable,
            false,
            "USB disk sdb1 (vfat) at /a b",
        ),
        (
            "0:40 tmpfs x",
            Medium::Memory,
            false,
            "memory (tmpfs) at /a b",
        ),
        (
            "252:0 ext4 /dev/mapper/luks-root",
            Medium::Encrypted,
            true,
            "dm-crypt dm-0 on fixed disk nvme0n1p3 (ext4) at /a b",
        ),
    ] {
        machine.mounted(mount);
        let layer = machine.block((259, 100));
        assert_eq!(layer.why, format!("loop0p1 on a file on {why}"));
        assert_eq!((layer.medium, layer.encrypted), (medium, encrypted));
        assert_eq!(layer.device.as_deref(), Some("loop0p1"));
    }
}

#[test]
fn a_link_on_the_way_to_the_file_of_a_loop_device() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.path().canonicalize().expect("resolves");
    let [there, decoy] = ["there", "decoy"].map(|name| dir.join(name));
    for folder in [&there, &decoy] {
        fs::create_dir(folder).expect("made");
        fs::write(folder.join("image"), "").expect("written");
    }
    let mut probe = Probe::new(Path::new("/proc"), Path::new("/sys"));
    let image = there.join("image");
    let found = probe.file(&image, MAX_LAYERS);
    assert!(!found.why().contains("an unknown place"), "{}", found.why());
    fs::rename(&there, dir.join("away")).expect("moved");
    symlink(&decoy, &there).expect("made");
    let found = probe.file(&image, MAX_LAYERS);
    assert_eq!(found.medium(), Medium::Unrecognised);
    assert!(found.why().contains("an unknown place"), "{}", found.why());
}

#[test]
fn without_proc_or_sys_nothing_is_recognised() {
    let machine = Machine::new();
    machine.mounted("8:1 ext4 /dev/sda1");
    let root = machine.dir.path();
    for (proc, sys, why) in [
        ("none", "sys", "a mount that cannot be looked up ("),
        (
            "proc",
            "none",
            "block device 8:1 that /sys does not show (ext4) at /a b",
        ),
    ] {
        let mut probe = Probe::new(&root.join(proc), &root.join(sys));
        let place = probe.place(machine.file.as_fd(), MAX_LAYERS);
        assert_eq!(place.medium(), Medium::Unrecognised, "{}", place.why());
        assert!(place.why().starts_with(why), "{}", place.why());
    }
    let other = fs::read_to_string(root.join("proc/thread-self/mountinfo")).expect("there");
    fs::write(root.join("proc/thread-self/mountinfo"), format!("9{other}")).expect("written");
    let place = machine.probe().place(machine.file.as_fd(), MAX_LAYERS);
    assert_eq!(place.medium(), Medium::Unrecognised);
    assert!(place.why().contains("not among those"), "{}", place.why());

    // Of an unknown mount the device can only make it worse.
    let stat = rustix::fs::fstat(&machine.file).expect("a file");
    let (major, minor) = (
        rustix::fs::major(stat.st_dev),
        rustix::fs::minor(stat.st_dev),
    );
    let block = root.join("sys/dev/block");
    let link = block.join(format!("{major}:{minor}"));
    let disks = [("8:17", Medium::Removable), ("8:1", Medium::Unrecognised)];
    for (target, medium) in disks.map(|(disk, medium)| {
        let target = fs::read_link(block.join(disk)).expect("a disk");
        (target, medium)
    }) {
        let _ = fs::remove_file(&link);
        symlink(target, &link).expect("linked");
        let place = machine.probe().place(machine.file.as_fd(), MAX_LAYERS);
        // Where this machine's temporary files are on no disk, it says nothing.
        let expected = if major == 0 {
            Medium::Unrecognised
        } else {
            medium
        };
        assert_eq!(place.medium(), expected, "{}", place.why());
    }
}

#[test]
fn streams() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let (one, _other) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let null = File::open("/dev/null").expect("opens");
    for (place, why) in [
        (Place::of(reader), "a pipe"),
        (Place::of(writer), "a pipe"),
        (Place::of(one), "a socket"),
        (Place::of(null), "a terminal or other character device"),
    ] {
        assert_eq!((place.medium(), place.why()), (Medium::Stream, why));
        assert_eq!((place.filesystem(), place.mount_point()), (None, None));
    }
}

#[test]
fn each_kind_has_one_name_and_is_refused_what_lesser_ones_are() {
    use Medium::*;
    let all = [
        Encrypted,
        Memory,
        Fixed,
        Network,
        Unrecognised,
        Stream,
        Removable,
        Optical,
    ];
    assert!(all.is_sorted());
    assert!(all.is_sorted_by_key(|medium| medium.is_outside()));
    assert!(all.is_sorted_by_key(|medium| medium.is_removable_or_optical()));
    for medium in all {
        let json = serde_json::to_string(&medium).expect("a word");
        assert_eq!(json, format!("\"{medium}\""));
        assert_eq!(serde_json::from_str::<Medium>(&json).expect("read"), medium);
    }
}

proptest! {
    #[test]
    fn of_several_the_worst_counts(kinds in proptest::collection::vec((0..4_usize, any::<bool>()), 1..6)) {
        let media = [Medium::Encrypted, Medium::Fixed, Medium::Unrecognised, Medium::Removable];
        let layers: Vec<_> = kinds
            .iter()
            .map(|&(kind, encrypted)| Layer { encrypted, ..Layer::new(media[kind], "x") })
            .collect();
        let worst = Layer::worst(layers.clone());
        prop_assert_eq!(Some(worst.medium), layers.iter().map(|layer| layer.medium).max());
        prop_assert_eq!(worst.encrypted, layers.iter().all(|layer| layer.encrypted));
    }
}
