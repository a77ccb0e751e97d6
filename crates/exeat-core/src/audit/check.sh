#!/bin/sh
# Checks a copy of a ledger of exeat: sh check.sh
# Needs sha256sum and ssh-keygen, and starts programs for each entry: it is slow.
set -eu
cd "$(dirname "$0")"
sha256sum --strict --quiet -c SHA256SUMS
entries=0 highest=0 checkpoints=0 wrong=0 odd=0 previous=null
complain() {
    echo "$1" >&2
    wrong=$((wrong + 1))
}
while IFS= read -r line || [ -n "$line" ]; do
    number=
    case $line in
    '{"version":2,"sequence":'*)
        number=${line#'{"version":2,"sequence":'}
        number=${number%%,*}
        ;;
    esac
    # Nothing but a number goes any further.
    case $number in
    '' | 0* | *[!0-9]* | ????????????????*)
        odd=$((odd + 1))
        continue
        ;;
    esac
    case $line in
    '{"version":2,"sequence":'"$number"',"previous":'"$previous"',"time":'*) ;;
    *) complain "entry $number does not follow from the one before it" ;;
    esac
    case $line in
    *'"kind":"recovery",'*)
        echo "before entry $number: $wrong wrong, $odd lines that are no entries; somebody has looked" >&2
        wrong=0 odd=0
        [ "$number" -gt "$highest" ] || complain "entry $number comes after entry $highest"
        ;;
    *'"kind":"torn",'*)
        echo "before entry $number: an unfinished line" >&2
        odd=0
        ;;
    esac
    [ "$odd" = 0 ] || complain "before entry $number: lines that are no entries"
    case $line in
    *'"kind":"recovery",'*) ;;
    *) [ "$number" = $((entries + 1)) ] || complain "entry $number comes after entry $entries" ;;
    esac
    sum=$(printf '%s\n' "$line" | sha256sum | cut -c1-64)
    previous="\"$sum\"" entries=$number odd=0
    [ "$number" -le "$highest" ] || highest=$number
    signed=checkpoint-$number.json
    if [ -e "$signed" ]; then
        checkpoints=$((checkpoints + 1))
        grep -q "^{\"entry_sha256\":\"$sum\",.*\"sequence\":$number," "$signed" ||
            complain "$signed signs another entry $number"
        ssh-keygen -Y check-novalidate -n exeat.checkpoint.v1 -s "$signed.sig" <"$signed" ||
            complain "the signature of $signed does not fit"
    fi
done <ledger.jsonl
[ "$odd" = 0 ] || echo "at the end: an unfinished line" >&2
echo "last entry $entries, $checkpoints checkpoints, $wrong wrong"
[ "$wrong" = 0 ]
