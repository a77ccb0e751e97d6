#!/bin/sh
# Checks a copy of a ledger of exeat: sh check.sh
# Needs sha256sum and ssh-keygen. Some hundred entries a second.
set -eu
cd "$(dirname "$0")"
sha256sum --strict --quiet -c SHA256SUMS
entries=0 checkpoints=0 wrong=0 previous=null
complain() {
    echo "$1" >&2
    wrong=$((wrong + 1))
}
while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    '{"version":2,"sequence":'*) ;;
    *)
        complain "after entry $entries: a line that is no entry"
        continue
        ;;
    esac
    number=${line#'{"version":2,"sequence":'}
    number=${number%%,*}
    case $number in
    '' | 0* | *[!0-9]* | ????????????????*)
        complain "after entry $entries: a line without a number"
        continue
        ;;
    esac
    case $line in
    '{"version":2,"sequence":'"$number"',"previous":'"$previous"',"time":'*) ;;
    *) complain "entry $number does not follow from the one before it" ;;
    esac
    [ "$number" = $((entries + 1)) ] || complain "entry $number comes after entry $entries"
    sum=$(printf '%s\n' "$line" | sha256sum | cut -c1-64)
    previous="\"$sum\"" entries=$number
    signed=checkpoint-$number.json
    if [ -e "$signed" ]; then
        checkpoints=$((checkpoints + 1))
        grep -q "^{\"entry_sha256\":\"$sum\",.*\"sequence\":$number," "$signed" ||
            complain "$signed signs another entry $number"
        ssh-keygen -Y check-novalidate -n exeat.checkpoint.v1 -s "$signed.sig" <"$signed" ||
            complain "the signature of $signed does not fit"
    fi
done <ledger.jsonl
echo "$entries entries, $checkpoints checkpoints, $wrong wrong"
[ "$wrong" = 0 ]
