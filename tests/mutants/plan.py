"""Which files are changed, and which tests each change is tried with."""

from __future__ import annotations

from dataclasses import dataclass

# Of the ledger's own tests those that kill processes or try every edit take minutes
# each; they are among the tests of the library.
SLOW = ["ledger::tests::processes", "ledger::tests::crash", "every_edit", "whatever_somebody"]
SLOW += ["any_damage_but"]

# Of the library's modules, those that each area's changes would show in.
AROUND = {
    "verify": ["verify::", "backup::", "approval::"],
    "framing": ["framing::", "verify::"],
    "open": ["verify::", "backup::"],
    # Of those that are slow, the ones about whose files are accepted.
    "ledger": ["whose_file_is_accepted", "a_sites_ledger", "a_full_and_a_read_only"],
    "decide": ["decide::", "policy::", "approval::", "verify::"],
}
# And of the tests of the program.
PROGRAM = {
    "verify": ["bad_package", "bad_signature", "bad_opening", "archive", "rekey", "after"],
    "framing": ["bad_package", "lifecycle", "archive"],
    "open": ["bad_opening", "lifecycle", "streams", "backups::chain"],
    "ledger": ["ledger", "recorded", "receipts", "received", "audit", "plain"],
    "decide": ["policy", "approvals", "two_people", "bad_input", "plain"],
}


@dataclass(frozen=True)
class Stage:
    """Some tests of one package; the deeper, the more of them."""

    depth: int
    name: str
    package: str
    tests: tuple[str, ...]
    words: list[str]


@dataclass(frozen=True)
class Target:
    """One file, and the names of its own tests."""

    name: str
    crate: str
    filters: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"crates/{self.crate}/src/{self.name}"

    @property
    def slug(self) -> str:
        return f"{self.crate}-{self.name}".removesuffix(".rs").replace("/", "-")

    def stages(self, quick: bool) -> list[Stage]:
        skip = [word for slow in SLOW for word in ("--skip", slow)]
        own = Stage(1, "its own tests", self.crate, ("lib",), [*self.filters, *skip])
        if quick or self.crate != "exeat-core":
            return [own]
        area = self.name.split("/")[0].removesuffix(".rs")
        return [
            own,
            Stage(2, "the tests of modules around it", "exeat-core", ("lib",), AROUND[area]),
            Stage(3, "the tests of the library", "exeat-core", ("round_trip", "sealing"), []),
            Stage(4, "the tests of the program", "exeat-cli", ("cli",), PROGRAM[area]),
        ]


def core(name: str, *filters: str) -> Target:
    return Target(name, "exeat-core", filters)


def readers(name: str) -> Target:
    return Target(name, "exeat-readers", ("tar::",))


TARGETS = [
    core("verify.rs", "verify::"),
    core("verify/unlock.rs", "verify::"),
    core("verify/content.rs", "verify::"),
    core("verify/further.rs", "verify::"),
    core("verify/approvals.rs", "verify::", "approval::"),
    core("verify/after.rs", "verify::"),
    core("verify/glance.rs", "verify::", "backup::"),
    core("verify/archive.rs", "verify::"),
    core("framing.rs", "framing::", "verify::"),
    core("open.rs", "verify::"),
    core("open/chain.rs", "verify::", "backup::"),
    core("ledger/chain.rs", "ledger::"),
    core("ledger/parse.rs", "ledger::"),
    core("ledger/witness.rs", "ledger::"),
    core("ledger/file.rs", "ledger::"),
    core("ledger/intent.rs", "ledger::"),
    core("ledger/entry.rs", "ledger::"),
    core("ledger/account.rs", "ledger::"),
    core("ledger/received.rs", "ledger::"),
    core("ledger/asked.rs", "ledger::"),
    core("ledger/decided.rs", "ledger::"),
    core("ledger/ending.rs", "ledger::"),
    core("ledger.rs", "ledger::"),
    core("decide/rules.rs", "decide::", "policy::"),
    core("decide/floor.rs", "decide::", "policy::"),
    core("decide/approvals.rs", "decide::", "approval::"),
    core("decide/received.rs", "decide::", "verify::"),
    core("decide/rest.rs", "decide::"),
    core("decide/request.rs", "decide::"),
    core("decide/proposal.rs", "decide::", "approval::"),
    core("decide.rs", "decide::", "policy::"),
    readers("tar.rs"),
    readers("tar/header.rs"),
    readers("tar/pax.rs"),
    readers("tar/sparse.rs"),
    readers("tar/tape.rs"),
]
