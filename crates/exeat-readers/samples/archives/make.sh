#!/bin/bash
# Makes the archives beside it. Needs gzip, pigz, zstd, bzip2, pbzip2, xz, GNU
# tar, bsdtar, zip, 7zz and python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 - <<'PY'
from pathlib import Path
numbers = ["9990000018", "9990000026", "9990000034", "9990000042", "9990000050"]
names = ["Amy Example", "Ben Sample", "Cat Pattern", "Dan Model", "Eve Trial"]
rows = ["nhs_number,name"] + [f"{n},{name}" for n, name in zip(numbers, names)]
Path("patients.csv").write_text("\n".join(rows) + "\n")
Path("notes").mkdir()
Path("notes/letter.txt").write_text("Dear Amy, your number is 999 000 0018.\n" * 40)
deep = Path("notes") / ("a" * 90) / ("b" * 90)
deep.mkdir(parents=True)
(deep / "long.txt").write_text("A file whose name is long\n")
Path("notes/link").symlink_to("letter.txt")
Path("notes/hard").hardlink_to("patients.csv")
with open("holes", "wb") as f:
    f.write(b"begin\n"); f.seek(1 << 16); f.write(b"middle\n"); f.truncate(1 << 17)
PY
mkfifo pipe
all="patients.csv notes"
gzip -fkn patients.csv && mv patients.csv.gz "$here/plain.gz"
gzip -fkN patients.csv && cp patients.csv.gz "$here/named.gz"
(gzip -c patients.csv; pigz -c notes/letter.txt) > "$here/two.gz"
zstd -qf --long=24 -19 patients.csv -o "$here/plain.zst"
(zstd -qc patients.csv; zstd -qc notes/letter.txt) > "$here/two.zst"
head -c 40000 /dev/urandom | base64 > more; zstd -q --ultra -22 --long=27 --no-content-size < more > wide.zst
head -c 200 wide.zst > "$here/wide.zst"
bzip2 -kc patients.csv > "$here/plain.bz2"
(bzip2 -c patients.csv; pbzip2 -c notes/letter.txt) > "$here/two.bz2"
xz -9 -kc patients.csv > "$here/plain.xz"
(xz -c patients.csv; head -c 8 /dev/zero; xz --check=sha256 --x86 --lzma2 -c notes/letter.txt) > "$here/two.xz"
for format in v7 ustar gnu pax; do
    sparse=
    case $format in
        v7) files="patients.csv notes/letter.txt" ;;
        ustar) files="patients.csv notes/letter.txt notes/link pipe" ;;
        *) files="$all holes pipe"; sparse=-S ;;
    esac
    tar --format=$format --sort=name --owner=amy:1000 --group=staff:1000 $sparse -cf - $files |
        gzip -9n > "$here/$format.tar.gz"
done
bsdtar --format=pax -cf - $all | gzip -9n > "$here/libarchive.tar.gz"
python3 - <<'PY'
import tarfile
with tarfile.open("python.tar", "w", pax_headers={"comment": "for Ben Sample"}) as tar:
    tar.add("patients.csv"); tar.add("notes")
PY
gzip -9nc python.tar > "$here/python.tar.gz"
zip -qr "$here/infozip.zip" $all
zip -q "$here/streamed.zip" - < patients.csv
echo "about Ben Sample" | zip -qz "$here/streamed.zip" > /dev/null
rm -f "$here/from-pipe.zip"; cat patients.csv | zip -q "$here/from-pipe.zip" -
cat patients.csv | zip -q - - | cat > "$here/pipe-to-pipe.zip"
zip -qP secret "$here/zipcrypto.zip" patients.csv
7zz a -bd -tzip -mem=AES256 -psecret "$here/aes.zip" patients.csv > /dev/null
for method in Copy Deflate Deflate64 BZip2 LZMA ZSTD XZ PPMd; do
    7zz a -bd -tzip -mm=$method "$here/$method.zip" patients.csv notes/letter.txt > /dev/null || rm -f "$here/$method.zip"
done
bsdtar --format=zip -cf "$here/libarchive.zip" $all
python3 - <<'PY' "$here"
import sys, zipfile
here = sys.argv[1]
with zipfile.ZipFile(f"{here}/python.zip", "w", zipfile.ZIP_LZMA) as z:
    z.write("patients.csv")
    z.writestr("dir/", "")
    with z.open(zipfile.ZipInfo("large.txt"), "w", force_zip64=True) as f:
        f.write(b"in 64 bits\n")
zipfile.ZipFile(f"{here}/empty.zip", "w").close()
PY
for method in LZMA LZMA2 Deflate BZip2 PPMd Copy Deflate64; do
    7zz a -bd -mx=5 -m0=$method "$here/$method.7z" $all > /dev/null
done
cp /bin/true program
7zz a -bd -mf=BCJ "$here/bcj.7z" program > /dev/null
7zz a -bd -m0=BCJ2 -m1=LZMA:d16 -m2=LZMA:d16 -m3=LZMA:d16 -mb0:1 -mb0s1:2 -mb0s2:3 "$here/bcj2.7z" program > /dev/null
7zz a -bd -m0=Delta:2 -m1=LZMA2 "$here/delta.7z" patients.csv > /dev/null
7zz a -bd -mf=ARM64 "$here/arm64.7z" program > /dev/null
7zz a -bd -ms=off "$here/solid-off.7z" $all > /dev/null
7zz a -bd -psecret "$here/encrypted.7z" patients.csv > /dev/null
7zz a -bd -psecret -mhe=on "$here/encrypted-names.7z" patients.csv > /dev/null
7zz a -bd -mhc=off "$here/plain-header.7z" $all > /dev/null
: > nothing; 7zz a -bd "$here/empty.7z" nothing > /dev/null
ls -l "$here"
