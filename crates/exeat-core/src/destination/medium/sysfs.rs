//! What hardware a block device is made of, by the kernel's tree of devices
//! (sysfs(5)): down through `slaves/` from RAID, LVM and dm-crypt to the disks,
//! then from each disk up through its parents to the bus it hangs on.
//!
//! A disk counts as fixed only where a bus that fixed disks hang on was seen and
//! nothing worse: in a container that hides `/sys`, or on hardware unheard of,
//! it stays unrecognised. The block device's own `removable` file counts only
//! against it, for it is 0 on most USB disks (it tells of the drive's medium,
//! not of the drive); it is 1 on card readers, floppy drives and external ATA
//! ports (Linux, `drivers/ata/libata-scsi.c`, `ata_scsiop_inq_std`).

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::{Layer, Medium, Probe};
use crate::path::Escaped;

/// The longest file of sysfs that is read: one page, and no attribute is longer.
const MAX_ATTRIBUTE: u64 = 4096;
/// How many entries of one folder are looked at: more than devices may be asked,
/// so that none is left out in silence.
const MAX_ENTRIES: usize = 4096;

/// Block devices whose other end is on a network, by the start of their names.
const NETWORK_DISKS: [&[u8]; 5] = [b"nbd", b"rbd", b"rnbd", b"drbd", b"etherd!"];
/// What marks the SCSI side of a storage network, as folders in the device tree
/// (`drivers/scsi/scsi_transport_*.c`): iSCSI, Fibre Channel (over Ethernet
/// too), SCSI over RDMA.
const NETWORK_TRANSPORTS: [&str; 5] = [
    "iscsi_host",
    "iscsi_session",
    "fc_host",
    "fc_remote_ports",
    "srp_host",
];
/// Buses that fixed disks hang on, or that a hypervisor lends them by.
const FIXED_BUSES: [&[u8]; 9] = [
    b"pci",
    b"platform",
    b"virtio",
    b"vmbus",
    b"xen",
    b"vio",
    b"ccw",
    b"nd",
    b"amba",
];
/// dm-crypt, as cryptsetup names what it maps (`CRYPT-<type>-…`,
/// `lib/libcryptsetup.h`). VERITY and INTEGRITY begin so too but hide nothing,
/// and SUBDEV may be dm-integrity.
const DM_CRYPT: [&[u8]; 7] = [
    b"CRYPT-LUKS1-",
    b"CRYPT-LUKS2-",
    b"CRYPT-PLAIN-",
    b"CRYPT-LOOPAES-",
    b"CRYPT-TCRYPT-",
    b"CRYPT-BITLK-",
    b"CRYPT-FVAULT2-",
];

impl Probe {
    /// The block device of a major and minor number.
    pub(super) fn block(&mut self, (major, minor): (u32, u32), layers: u8) -> Layer {
        match self.resolve(&self.sys.join(format!("dev/block/{major}:{minor}"))) {
            Some(folder) => self.device(&folder, layers),
            None => Layer::new(
                Medium::Unrecognised,
                format!("block device {major}:{minor} that /sys does not show"),
            ),
        }
    }

    /// The disks of a btrfs file system, which has no device number of its own.
    ///
    /// Its source is one of its disks; where no file system has a disk of that
    /// name (`/dev/root`), the worst of all btrfs disks stands in for it.
    pub(super) fn btrfs(&mut self, source: &[u8], layers: u8) -> Layer {
        let name = source.rsplit(|&byte| byte == b'/').next().unwrap_or(source);
        let is_source = |disk: &PathBuf| {
            name_of(disk) == name || attribute(disk, "dm/name").is_some_and(|mapped| mapped == name)
        };
        let mut all: Vec<Vec<PathBuf>> = entries(&self.sys.join("fs/btrfs"))
            .map(|filesystem| self.linked(&filesystem.join("devices")))
            .collect();
        if all.iter().flatten().any(is_source) {
            all.retain(|disks| disks.iter().any(is_source));
        }
        let disks = all.concat();
        self.worst_of(&disks, layers)
    }

    fn device(&mut self, folder: &Path, layers: u8) -> Layer {
        let name = Escaped(name_of(folder)).to_string();
        if folder.is_symlink() {
            return Layer::on(name, Medium::Unrecognised, "hidden device");
        }
        let (Some(layers), Some(devices)) = (layers.checked_sub(1), self.devices.checked_sub(1))
        else {
            return Layer::on(name, Medium::Unrecognised, "too many devices, the last");
        };
        self.devices = devices;
        let disk = match folder.join("partition").exists() {
            true => folder.parent().unwrap_or(folder),
            false => folder,
        };
        let is = |prefix: &[u8]| name_of(disk).starts_with(prefix);
        if NETWORK_DISKS.into_iter().any(is) {
            return Layer::on(name, Medium::Network, "network disk");
        }
        if is(b"zram") {
            // It may write what is seldom used to a disk.
            let alone = attribute(disk, "backing_dev").is_none_or(|path| path == b"none");
            let (medium, words) = match alone {
                true => (Medium::Memory, "memory"),
                false => (Medium::Unrecognised, "memory and a disk behind"),
            };
            return Layer::on(name, medium, words);
        }
        if let Some(file) = attribute(disk, "loop/backing_file") {
            let file = Path::new(OsStr::from_bytes(&file));
            let place = self.file(file, layers.saturating_sub(1));
            return above(format!("{name} on a file"), name, place.layer);
        }
        let disks = self.linked(&disk.join("slaves"));
        if disks.is_empty() {
            let (medium, words) = self.hardware(disk);
            return Layer::on(name, medium, words);
        }
        let below = self.worst_of(&disks, layers);
        let uuid = attribute(disk, "dm/uuid").unwrap_or_default();
        if !DM_CRYPT.iter().any(|kind| uuid.starts_with(kind)) {
            return above(name.clone(), name, below);
        }
        Layer {
            encrypted: true,
            medium: match below.medium {
                Medium::Fixed => Medium::Encrypted,
                other => other,
            },
            ..above(format!("dm-crypt {name}"), name, below)
        }
    }

    fn worst_of(&mut self, folders: &[PathBuf], layers: u8) -> Layer {
        let found = folders.iter().map(|folder| self.device(folder, layers));
        let worst = Layer::worst(found.collect());
        match folders.len() {
            0 | 1 => worst,
            count => Layer {
                why: format!("{count} devices, among them {}", worst.why),
                ..worst
            },
        }
    }

    /// The worst that a disk's parents say, in the words of the nearest that
    /// says so.
    fn hardware(&self, disk: &Path) -> (Medium, &'static str) {
        let parent = disk.parent().unwrap_or(disk);
        let mut found = self.ancestors(parent);
        // Of a disk with several ways to it the kernel shows one that hangs on
        // nothing; the controllers are linked beside it.
        if subsystem(parent).is_some_and(|kind| kind == b"nvme-subsystem") {
            let controllers = entries(parent)
                .filter(|entry| entry.is_symlink() && name_of(entry).starts_with(b"nvme"));
            for controller in controllers {
                match self.resolve(&controller) {
                    Some(controller) => found.extend(self.ancestors(&controller)),
                    None => found.push((Medium::Unrecognised, "partly hidden disk")),
                }
            }
        }
        if attribute(disk, "removable").is_some_and(|value| value == b"1") {
            found.push((Medium::Removable, "removable disk"));
        }
        found
            .into_iter()
            .reduce(|worst, next| if next.0 > worst.0 { next } else { worst })
            .unwrap_or((Medium::Unrecognised, "unknown kind of disk"))
    }

    /// What a device and each of its parents say of the disks below them.
    fn ancestors(&self, lowest: &Path) -> Vec<(Medium, &'static str)> {
        let devices = self.sys.join("devices");
        let end = fs::canonicalize(&devices).unwrap_or(devices);
        lowest
            .ancestors()
            .take_while(|folder| **folder != end)
            .filter_map(|folder| self.ancestor(folder))
            .collect()
    }

    /// What one device says of the disks below it.
    fn ancestor(&self, folder: &Path) -> Option<(Medium, &'static str)> {
        let says =
            |file, value: &str| attribute(folder, file).is_some_and(|is| is == value.as_bytes());
        if NETWORK_TRANSPORTS
            .iter()
            .any(|kind| folder.join(kind).is_dir())
        {
            return Some((Medium::Network, "storage network disk"));
        }
        match subsystem(folder)?.as_slice() {
            b"usb" => Some((Medium::Removable, "USB disk")),
            b"thunderbolt" => Some((Medium::Removable, "Thunderbolt disk")),
            b"firewire" => Some((Medium::Removable, "FireWire disk")),
            b"pcmcia" => Some((Medium::Removable, "PC card")),
            b"memstick" => Some((Medium::Removable, "Memory Stick")),
            // eMMC is the kind that is soldered in; Linux says so since 5.14.
            b"mmc" if says("type", "MMC") && says("removable", "fixed") => None,
            b"mmc" => Some((Medium::Removable, "memory card")),
            // SCSI's peripheral device types 4, 5 and 7 (INCITS SPC): write-once,
            // CD and DVD, optical memory.
            b"scsi" if ["4", "5", "7"].iter().any(|kind| says("type", kind)) => {
                Some((Medium::Optical, "optical disc"))
            }
            b"nvme" => match attribute(folder, "transport")?.as_slice() {
                b"pcie" | b"apple-nvme" => None,
                b"tcp" | b"rdma" | b"fc" => Some((Medium::Network, "storage network disk")),
                _ => Some((Medium::Unrecognised, "oddly attached NVMe disk")),
            },
            b"pci" if says("removable", "removable") || self.is_thunderbolt_port(folder) => {
                Some((Medium::Removable, "Thunderbolt or other external disk"))
            }
            bus if FIXED_BUSES.contains(&bus) => Some((Medium::Fixed, "fixed disk")),
            _ => None,
        }
    }

    /// Whether PCI Express is tunnelled through this port: a Thunderbolt disk is
    /// an NVMe disk on PCI, and not below any device of that subsystem.
    ///
    /// The `removable` file says it since Linux 5.14 where the firmware marks the
    /// port as facing outwards (`Documentation/ABI/testing/sysfs-devices-removable`).
    /// Else the Thunderbolt host is found where it belongs to the port: linked
    /// as its supplier (`drivers/thunderbolt/acpi.c`), or on another branch of
    /// the same switch.
    fn is_thunderbolt_port(&self, port: &Path) -> bool {
        entries(port).any(|entry| {
            if let Some(address) = name_of(&entry).strip_prefix(b"supplier:pci:") {
                let devices = self.sys.join("bus/pci/devices");
                let supplier = self.resolve(&devices.join(OsStr::from_bytes(address)));
                return supplier.is_some_and(|supplier| is_thunderbolt_host(&supplier));
            }
            is_pci(&entry)
                && entries(&entry).any(|below| is_pci(&below) && is_thunderbolt_host(&below))
        })
    }

    /// The devices that a folder of links names; a link that leads nowhere stays
    /// as it is, so that it counts as a device of which nothing is known.
    fn linked(&self, folder: &Path) -> Vec<PathBuf> {
        entries(folder)
            .map(|link| self.resolve(&link).unwrap_or(link))
            .collect()
    }

    /// Where a link leads, as long as that is a device.
    fn resolve(&self, link: &Path) -> Option<PathBuf> {
        let devices = fs::canonicalize(self.sys.join("devices")).ok()?;
        let folder = fs::canonicalize(link).ok()?;
        (folder.starts_with(&devices) && folder != devices).then_some(folder)
    }
}

fn is_pci(entry: &Path) -> bool {
    !entry.is_symlink() && subsystem(entry).is_some_and(|kind| kind == b"pci")
}

fn is_thunderbolt_host(folder: &Path) -> bool {
    let kind = |entry: &Path| subsystem(entry).is_some_and(|kind| kind == b"thunderbolt");
    entries(folder).any(|entry| name_of(&entry).starts_with(b"domain") && kind(&entry))
}

/// A device with what lies below it.
fn above(words: String, device: String, below: Layer) -> Layer {
    Layer {
        why: format!("{words} on {}", below.why),
        device: Some(device),
        ..below
    }
}

fn name_of(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_bytes()
}

/// The entries of a folder, or none where it cannot be read.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let listed = fs::read_dir(folder).into_iter().flatten().flatten();
    listed.take(MAX_ENTRIES).map(|entry| entry.path())
}

/// The content of a one-line file of sysfs.
fn attribute(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(folder.join(name)).ok()?;
    file.take(MAX_ATTRIBUTE).read_to_end(&mut bytes).ok()?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Some(bytes)
}

/// The bus or class that a device belongs to.
fn subsystem(folder: &Path) -> Option<Vec<u8>> {
    let target = fs::read_link(folder.join("subsystem")).ok()?;
    Some(name_of(&target).to_owned())
}
