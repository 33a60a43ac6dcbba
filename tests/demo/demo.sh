#!/usr/bin/env bash
# The main job, end to end, on a program that nobody here wrote: record, show, check, query.
# usage: demo.sh WARRANT SQLITE.wasm FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
warrant=$(realpath "${1:?usage: demo.sh WARRANT SQLITE.wasm FOLDER}")
guest=$(realpath "$2")
mkdir -p "$3"
out=$(cd "$3" && pwd)
cd "$out"
rm -rf data run.wtrace run.wwit audit.db
mkdir data

say() { printf '\n== %s\n' "$*"; }
times=()
timed() { # NAME COMMAND...
    local name=$1 start end
    shift
    start=$(date +%s%N)
    "$@"
    end=$(date +%s%N)
    times+=("$(printf '%-28s %8.2f s' "$name" "$(awk "BEGIN { print ($end - $start) / 1e9 }")")")
}

say "100,000 rows, and a policy that grants one directory"
timed "making the rows" sh -c 'awk -f "$0" >data/readings.csv' "$here/readings.awk"
cp "$here/load.sql" data/
cat >policy.yaml <<'YAML'
version: 1
files:
  - host: ./data
    guest: /data
    access: write
limits: { memory: 256MiB, descriptors: 32 }
YAML
cat policy.yaml

say "the guest runs unrecorded, for comparison"
timed "run, not recorded" "$warrant" run --policy policy.yaml --env HOME=/data "$guest" /data/plain.db ".read /data/load.sql"
rm -f data/plain.db data/report.txt

say "the guest runs recorded, with the kernel as witness"
timed "record" "$warrant" record --policy policy.yaml --env HOME=/data -o run.wtrace "$guest" /data/demo.db ".read /data/load.sql"

say "the first lines of the trace"
"$warrant" show --count 16 run.wtrace

say "check: kernel against trace, policy against kernel, replay against trace"
timed "check (with replay)" "$warrant" check --db audit.db run.wtrace

for query in hostcalls syscalls files refusals impact; do
    say "query $query"
    "$warrant" query audit.db "$query"
done

say "where the time went"
printf '%s\n' "${times[@]}"
say "sizes"
du -b --apparent-size "$guest" data/readings.csv data/demo.db run.wtrace run.wwit audit.db 2>/dev/null |
    awk '{ name = $2; sub(".*/", "", name); printf "%-20s %12d bytes\n", name, $1 }'
echo
echo "left in $out: run.wtrace, run.wwit (what the kernel saw), audit.db"
