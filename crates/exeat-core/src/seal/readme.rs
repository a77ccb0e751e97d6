//! The text of `README.txt`, without a word about the content. The commands in
//! it are run by the tests, against Debian's own programs.

use crate::keys::{Recipient, Recipients};
use crate::manifest::{Compression, PayloadKind};

pub(super) fn readme(
    kind: PayloadKind,
    compression: Compression,
    recipients: &Recipients,
) -> String {
    let (decompress, zstd) = match compression {
        Compression::None => ("", ""),
        Compression::Zstd => (" | zstd -dc", ", zstd"),
    };
    // A stream is one file, which has no name here.
    let (tar, make, unpack) = match kind {
        PayloadKind::Tar => (", tar", "mkdir \"$NEW\"\n", "| tar -x -C"),
        PayloadKind::Raw => ("", "test ! -e \"$NEW\"\n", ">"),
    };
    let is_passphrase = matches!(recipients, Recipients::Passphrase(_));
    let (with_exeat, have, setting, with_age) = if is_passphrase {
        ("", "the passphrase", "", "")
    } else {
        (
            " -i YOUR-IDENTITY-FILE",
            "your age identity file",
            "IDENTITY=~/identity.txt\n",
            " -i \"$IDENTITY\"",
        )
    };
    let age = match recipients {
        Recipients::Keys(keys) if keys.iter().any(Recipient::is_post_quantum) => "age 1.3 or later",
        _ => "age",
    };
    format!(
        r#"This folder is an exeat package: encrypted, signed, and of no use to anyone
but the people it was sealed for. If you found it, please give it back to
whoever lost it.

IF YOU HAVE exeat

  Check that it is complete, unaltered, and signed by somebody you trust:
      exeat verify THIS-FOLDER
  Open it into a new folder:
      exeat open THIS-FOLDER{with_exeat} --to NEW-FOLDER

  If somebody has passed it on to you, they have to be among those you trust
  to do so (namespace exeat.rekey.v1).

IF YOU HAVE ONLY STOCK TOOLS (ssh-keygen, sha256sum, {age}{zstd}{tar})

  You need {have}, and an allowed_signers file with the line of
  the sender, which you have from the sender and not from whoever gave you this
  folder. Save what is between the two marks as a script, put the right names
  into the lines in capitals, and run it with bash in this folder. It stops at the
  first thing that is wrong; what it has put into NEW by then must not be used.
  If somebody has passed the package on to you, it has a key-2.age or further:
  check key-2.json by its signature key-2.json.sig (namespace exeat.rekey.v1), that
  it has the SHA-256 of manifest.json and of key-2.age, and decrypt key-2.age in the
  place of key.age.

----8<----
set -eo pipefail
trap 'echo "STOPPED: do not use this package, and what was opened of it" >&2' ERR
SIGNERS=~/allowed_signers SIGNER=sender@example.org
{setting}NEW=~/opened

# 1. The manifest is signed by the sender, and vouches for the rest.
ssh-keygen -Y verify -f "$SIGNERS" -I "$SIGNER" -n exeat.package.v1 \
    -s manifest.json.sig < manifest.json
grep -qF "$(sha256sum < SHA256SUMS | cut -c1-64)" manifest.json
grep -qF "$(sha256sum < key.age | cut -c1-64)" manifest.json
sha256sum --strict --quiet -c SHA256SUMS
test "$(ls volume-*.age)" = "$(grep -o 'volume-[0-9]*\.age$' SHA256SUMS)"

# 2. Only then decrypt.
umask 077
{make}package_key=$(mktemp)
trap 'rm -f "$package_key"' EXIT
age -d{with_age} key.age > "$package_key"
for v in $(grep -o 'volume-[0-9]*\.age$' SHA256SUMS); do
    age -d -i "$package_key" "$v"{decompress} || exit 1
done {unpack} "$NEW"
echo "opened into $NEW"
----8<----
"#
    )
}
