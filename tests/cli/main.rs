//! Black-box tests of the binary `exeat`: what people type, what they are
//! told, how it ends, and what is left on the disk.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test may panic, and makes and breaks files of its own"
)]

mod after;
mod agent;
mod approvals;
mod archive;
mod audit;
mod backups;
mod bad_input;
mod bad_opening;
mod bad_package;
mod bad_signature;
mod check;
mod databases;
mod disks;
mod documented;
mod environment;
mod handed;
mod hanging;
mod hidden;
mod interrupt;
mod ledger;
mod lifecycle;
mod memory;
mod mounts;
mod obeyed;
mod output;
mod partners;
mod passphrase;
mod people;
mod plain;
mod policy;
mod post_quantum;
mod postgres;
mod profiles;
mod receipts;
mod received;
mod recorded;
mod rekey;
mod roundabout;
mod scan;
mod schema;
mod secrecy;
mod shell_and_man;
mod streams;
mod terminal;
mod timers;
mod tree;
mod two_people;
mod unseen;
mod wording;
