#!/usr/bin/env python3
"""Makes the files of the test of formats.

The people and what stands about them are the same at every run. What is random
by nature, such as the salt of something encrypted, is not.
"""

import argparse
import importlib.util
import json
import shutil
from pathlib import Path

from clinic.files import write
from clinic.people import Clinic, clinic

MODULES = """
PIL cryptography docx msoffcrypto odf openpyxl pyarrow pydicom pypdf reportlab xlwt
""".split()
PROGRAMS = ["7zz", "zip"]


def missing() -> list[str]:
    """What is needed and not installed."""
    modules = [name for name in MODULES if importlib.util.find_spec(name) is None]
    return modules + [name for name in PROGRAMS if shutil.which(name) is None]


def make_forms(whole: Clinic, folder: Path) -> dict:
    """The clinic once in each form, in a folder of its own."""
    from clinic.forms import CLASSES, FORMS

    for name, form in FORMS.items():
        write(form.make(whole), folder / name)
    return {
        "classes": CLASSES,
        "forms": {name: {"others": form.others} for name, form in FORMS.items()},
    }


def make_bad(whole: Clinic, folder: Path) -> dict:
    """What is damaged, hostile or not what it seems."""
    from clinic.damaged import damaged

    return {"bad": damaged(whole, folder)}


def make_webroot(whole: Clinic, folder: Path) -> dict:
    """Ten thousand harmless files, and the clinic hidden among them."""
    from clinic.website import website

    return {"hidden": website(whole, folder)}


MAKERS = {"forms": make_forms, "bad": make_bad, "webroot": make_webroot}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--missing", action="store_true", help="only say what is needed and not installed"
    )
    parser.add_argument("what", nargs="?", choices=MAKERS, default="forms")
    parser.add_argument(
        "folder", nargs="?", type=Path, help="is made; FOLDER.json says what is in it"
    )
    parser.add_argument("--people", type=int, default=120, metavar="N")
    args = parser.parse_args()
    if args.missing:
        print(*missing())
        return
    if args.folder is None:
        parser.error("where to?")
    whole = clinic(args.people)
    args.folder.mkdir(parents=True)
    manifest = {
        "people": len(whole.people),
        # None of these may stand in what exeat says.
        "values": [
            value for one in whole.people for value in (one.nhs_number, one.name, one.email)
        ],
    }
    manifest |= MAKERS[args.what](whole, args.folder)
    args.folder.with_name(args.folder.name + ".json").write_text(json.dumps(manifest, indent=1))


if __name__ == "__main__":
    main()
