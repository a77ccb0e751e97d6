//! Scanning: what already lies open.
//!
//! `exeat scan PATH…` looks into every file below the paths and names those
//! that the floor, or a stricter policy, would not let out in the clear:
//! people in bulk, anybody's sensitive data, anything personal on a medium that
//! can be carried away, private keys. It ends with 3 if there are any. It
//! changes nothing.
//!
//! | it says | how it knows |
//! |---|---|
//! | below a web server's root | the settings of nginx and Apache under `/etc`, `--web-root`, the folders that servers' packages serve (`/var/www` and the like), or a folder above that is called `htdocs`, `public_html`, `www`, … or has an index page or `.htaccess` |
//! | on a medium that can be carried away | as for a destination: the mount, the file system, the device and all below it |
//! | readable by everybody | the rights of the file and of every folder above it; access control lists are not looked at |
//! | unchanged for so many days | the time of its last change |
//!
//! Those that most people can get at come first; among them those with
//! sensitive data; then by the number of people. The JSON document has the
//! worst 10,000 files with their findings, classes and places, and with
//! `--strict` up to 10,000 that could not be looked into.
//!
//! # What could not be seen
//!
//! Files that could not be inspected, images that nobody reviewed included,
//! are counted; `--strict` lists them with the reason and ends with 3 if there
//! are any. What may not be read is one of them. Links are not followed, but
//! for those that are named; pipes, sockets and devices are passed over, and so
//! are `/proc`, `/sys` and their kind. A file that changes while it is read is
//! one that could not be seen. Every file is judged by itself: tables that are
//! linked count together in one file, not over two. Names of files are looked at,
//! those of folders are not.
//!
//! # Leaving out
//!
//! `.exeatignore` beside a policy (`/etc/exeat`, the user's settings, or
//! the folder of a `--policy` file) has a pattern of paths on each line: `*` and
//! `?` within a name, `**` across folders, `#` for comments; a pattern with a
//! `/` at its beginning is compared with the whole path. A file of that name in
//! what is scanned is never obeyed: whoever can write there could hide in it.
//! How many were left out is said.
//!
//! # The second time
//!
//! A scan remembers in which files nothing was found, or why they could not be
//! seen: a digest for each, of the device, the file's number, size and times,
//! of exeat's version and the policy. It is in `~/.local/state/exeat/scan-cache`
//! (or `--cache`), made for its owner alone and refused where others can write
//! to it, and has no name and no content. Files with findings are looked into again each time. Who can write
//! there, or set a file's times back as root can, can hide a file from the next
//! scan: `--no-cache` looks into everything.
//!
//! The scan runs at the lowest priority (`nice` 19, which the usual I/O
//! schedulers take for a low one on disks, too).
