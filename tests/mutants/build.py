"""The copy of the source that holds every change at once, and what is built of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from plan import TARGETS

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/mutants"
WORK = ROOT / "target/mutants"
TREE = WORK / "tree"
SWITCHED = WORK / "switched"
# Changes that cannot be switched, with the reason: the compiler's, or a rule below.
LEFT = WORK / "left.json"

# In each crate: which change is on. Nought, or nothing, is none.
SWITCH = """
/// Which change is on.
#[doc(hidden)]
pub mod switch {
    static CHOSEN: std::sync::OnceLock<usize> = std::sync::OnceLock::new();

    fn chosen() -> usize {
        let text = std::env::var("EXEAT_MUTANT").unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    #[inline(never)]
    pub fn on(number: usize) -> bool {
        *CHOSEN.get_or_init(chosen) == number
    }
}
"""
# The tests of the program run it with an empty environment, but for this.
PASSED_ON = '.env("EXEAT_MUTANT", std::env::var("EXEAT_MUTANT").unwrap_or_default())'


def output(*words: str, cwd: Path = ROOT) -> str:
    """What a program prints; it has to succeed."""
    done = subprocess.run(words, cwd=cwd, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words[:3])} failed:\n{done.stderr}")
    return done.stdout


def put(path: Path, content: bytes) -> None:
    """Writes what is new: what is as it was keeps its time, and is not built again."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def copy_tree() -> None:
    """The source as it is, tracked by git or about to be."""
    names = output("git", "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    names = {name for name in names if name and (ROOT / name).is_file()}
    for old in list(TREE.rglob("*")):
        if old.is_file() and str(old.relative_to(TREE)) not in names:
            old.unlink()
    for name in names:
        put(TREE / name, (ROOT / name).read_bytes())
        mode = (ROOT / name).stat().st_mode
        (TREE / name).chmod(mode)


def listed() -> list[dict]:
    """All changes that cargo-mutants knows of in the files of the plan."""
    copy_tree()
    words = ["cargo", "mutants", "--list", "--json", "-d", str(TREE)]
    for target in TARGETS:
        words += ["-f", target.path]
    return json.loads(output(*words))


def left() -> dict[str, str]:
    return json.loads(LEFT.read_text()) if LEFT.exists() else {}


def write_switched(mutants: list[dict]) -> dict[str, int]:
    """Writes the copy with all changes but those that are left out."""
    tool = HERE / "switch"
    output("cargo", "build", "--release", "--quiet", cwd=tool)
    fresh = WORK / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(TREE, fresh)
    (WORK / "list.json").write_text(json.dumps(mutants))
    (WORK / "left.txt").write_text("".join(f"{name}\n" for name in left()))
    program = tool / "target/release/switch"
    made = output(str(program), str(fresh), str(WORK / "list.json"), str(WORK / "left.txt"))
    for crate in {target.crate for target in TARGETS}:
        with (fresh / "crates" / crate / "src/lib.rs").open("a") as file:
            file.write(SWITCH)
    environment = fresh / "tests/cli/environment.rs"
    text = environment.read_text()
    place = '.env("LC_ALL", "C.UTF-8")'
    assert place in text, "the tests of the program set up their environment elsewhere"
    environment.write_text(text.replace(place, PASSED_ON + place, 1))
    for path in fresh.rglob("*"):
        if path.is_file():
            put(SWITCHED / path.relative_to(fresh), path.read_bytes())
            (SWITCHED / path.relative_to(fresh)).chmod(path.stat().st_mode)
    shutil.rmtree(fresh)
    answer = json.loads(made)
    gone = left() | {name: "'||' in a chain of conditions" for name in answer["unviable"]}
    LEFT.write_text(json.dumps(gone, indent=1))
    return answer["made"]


def cargo(*words: str) -> tuple[bool, list[dict]]:
    """Builds tests quickly rather than well: without optimisation of our own crates
    and without debug information. Whether it went well, and what cargo had to say."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(WORK / "target"), CARGO_INCREMENTAL="1")
    env |= {"CARGO_PROFILE_DEV_OPT_LEVEL": "0", "CARGO_PROFILE_DEV_DEBUG": "0"}
    command = ["nice", "-n", "19", "cargo", "test", "--no-run", "--message-format", "json"]
    done = subprocess.run(
        [*command, *words], cwd=SWITCHED, env=env, text=True, capture_output=True
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 and not any(errors(lines)):
        sys.exit(f"cargo test --no-run failed:\n{done.stderr}")
    return done.returncode == 0, lines


def errors(lines: list[dict]):
    """Where the compiler found something wrong, and what."""
    for line in lines:
        message = line.get("message")
        if line["reason"] == "compiler-message" and message["level"] == "error":
            # Where a value was moved is named beside where it is missed.
            for span in sorted(message["spans"], key=lambda span: not span["is_primary"]):
                place = span["file_name"], span["line_start"], span["column_start"]
                if span["is_primary"] or culprit(*place):
                    yield *place, message


def culprit(file: str, line: int, column: int) -> int | None:
    """The number that stands last before a mistake in its line."""
    text = (SWITCHED / file).read_text().splitlines()[line - 1]
    found = list(re.finditer(r"switch::on\((\d+)\)", text))
    before = [match for match in found if match.start() < column] or found
    return int(before[-1].group(1)) if before else None


def switched(mutants: list[dict]) -> dict[str, int]:
    """Leaves out, again and again, what does not compile; the name of each change that
    can be switched, and its number."""
    gone = left()
    for mutant in mutants:
        # Two types cannot be given back by one function that names none.
        if "-> impl " in mutant["name"]:
            gone[mutant["name"]] = "gives back a type without a name"
    while True:
        WORK.mkdir(parents=True, exist_ok=True)
        LEFT.write_text(json.dumps(gone, indent=1))
        made = write_switched(mutants)
        names = {number: name for name, number in made.items()}
        packages = [word for target in {t.crate for t in TARGETS} for word in ("-p", target)]
        is_good, lines = cargo("--lib", *packages)
        if is_good:
            return made
        before = len(gone)
        for file, line, column, message in errors(lines):
            name = names.get(culprit(file, line, column) or 0)
            if name:
                gone[name] = message["message"].splitlines()[0]
        if len(gone) == before:
            shown = {f"{file}:{line}: {m['message']}" for file, line, _, m in errors(lines)}
            sys.exit("the copy does not compile:\n" + "\n".join(sorted(shown)))
        print(f"left out so far: {len(gone)}", flush=True)


def tests(package: str, names: tuple[str, ...]) -> list[Path]:
    """The programs of these tests."""
    words = ["-p", package]
    for name in names:
        words += ["--lib"] if name == "lib" else ["--test", name]
    is_good, lines = cargo(*words)
    if not is_good:
        sys.exit(f"the tests of {package} do not compile in the copy")
    built = [line for line in lines if line["reason"] == "compiler-artifact"]
    built = [line for line in built if line.get("executable") and line["profile"]["test"]]
    return [Path(line["executable"]) for line in built]
