#!/usr/bin/env bash
# Proves the decision core (wasi/decide) with Frama-C's WP, Z3 and CVC4, and prints `N / N goals`.
#
# usage: prove.sh [--mutants] [--fresh] [--file NAME] [--fault NAME]
#   --mutants   also: each fault in tests/proof/mutants, applied to a copy, must break the goal that it names
#   --fresh     believes nothing that was proved before
#   --file      only wasi/decide/NAME, for work on it
#   --fault     only the fault NAME, and none of the files
# CVC4 is asked first, alone: it proves all but some twenty goals, and WP runs both provers on each goal where both are named. Z3 is asked
# about what is left, and about each fault. So smoke tests ask CVC4. WP does not look for branches that cannot be taken before it makes a
# goal (-wp-no-pruning): that took it longer than all else, and the provers find out by themselves.
# What was proved is kept in build/proved, under a hash of what it depends on: a file whose texts, tables, tools and options are the
# same is not proved again; of any other, only the goals that differ. What failed is never kept.
# Environment: PROVE_TIMEOUT, seconds for one goal and prover (90); PROVE_JOBS, files at once (the number of processors); PROVE_KEPT,
# another folder for what was proved.
# Status: 0 all proved; 1 a goal is not proved, a contract is contradictory, or a fault breaks nothing; 2 usage.
#
# Contract goals are what the annotations state; automatic ones (rte) are the absence of undefined behaviour. Smoke tests ride
# along: no function may require what contradicts itself, for then anything would follow. (What functions promise is proved of
# their code, so it cannot contradict itself.) The functions of the inner header are proved once, with decide_rule.c.
# decide_row.c only reads tables: its contracts are believed, and tested. The entries that are expanded for each operation from one text
# (decide_request_NAME, decide_commit_NAME) are left out: the general functions of the same text are proved, and tests hold the two together.
set -uo pipefail
cd "$(dirname "$0")/../.."

mutants=0 only= fault= fresh=0
while [ $# -gt 0 ]; do
    case $1 in
    --mutants) mutants=1 ;;
    --fresh) fresh=1 ;;
    --file) only=${2:?} && shift ;;
    --fault) fault=${2:?} && shift ;;
    *) echo "prove.sh: unknown option $1" >&2 && exit 2 ;;
    esac
    shift
done
command -v frama-c >/dev/null || { echo "prove.sh: frama-c is missing; ./dev setup installs it" >&2; exit 1; }
why3 config list-provers 2>/dev/null | grep -q Z3 || why3 config detect >/dev/null

export timeout=${PROVE_TIMEOUT:-90}
export OCAMLRUNPARAM=${OCAMLRUNPARAM:-s=4M,o=200} # a heap that fits what Frama-C makes: it collects garbage for less of its time
jobs=${PROVE_JOBS:-$(nproc)}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export work fresh
export kept=${PROVE_KEPT:-$PWD/build/proved}
mkdir -p "$kept/goals" || exit 1
{ frama-c -version && cvc4 --version && z3 --version && why3 --version; } >"$work/tools" 2>&1

# What a proof depends on, as one hash: key ROOT FILE WORD...
key() {
    set -o pipefail # what could not be read is not hashed as nothing
    (cd "$1" && gcc -MM -I. -D_GNU_SOURCE "wasi/decide/$2" | tr -d '\\\n' | cut -d: -f2- | xargs cat) >"$work/text.$$" || exit 1
    { cat "$work/text.$$" "$work/tables.h" "$work/calls.c" "$work/tools" tests/proof/prove.sh && printf '%s\n' "${@:3}"; } | sha256sum | cut -c1-64
}
# What ended before it said anything, killed or out of memory, is no proof.
ended_early() { echo "a $1 ended early" | tee -a "$work/failed"; }
# kept_before KEY: prints what was kept under it.
kept_before() { [ $fresh = 0 ] && [ -s "$kept/$1" ] && cat "$kept/$1"; }
# keep KEY: its input under that key, at once or not at all.
keep() { cat >"$kept/.$1.$$" && mv "$kept/.$1.$$" "$kept/$1"; }

# wp ROOT FILE LOG PROVERS OPTION...
wp() {
    local root=$1 file=$2 log=$3 provers=$4
    shift 4
    (cd "$root" && frama-c -c11 -cpp-extra-args="-I. -D_GNU_SOURCE -include $work/tables.h -include $work/calls.c" -wp -wp-rte -wp-prover "$provers" \
        -wp-par 2 -wp-no-pruning "$@" "wasi/decide/$file") >"$log" 2>&1
}
# wp_in_turn, of the same arguments but PROVERS: CVC4 alone, then both on what it left.
wp_in_turn() {
    wp "$1" "$2" "$3" cvc4 "${@:4}"
    proves_all "$3" || wp "$1" "$2" "$3" cvc4,z3 "${@:4}"
}
# Whether a log has goals, and all of them are proved.
proves_all() { grep -qE 'Proved goals: +([1-9][0-9]*) / +\1$' "$1"; }

# What the tables say, as logic; the contract that all calls share.
python3 tests/proof/tables.py . "$work" || exit 1

# The goals of a log that are not proved.
unproved() { grep -E '^\[wp\] \[(Failed|Timeout|Unknown|Stepout)\] Goal' "$1" | grep -oE 'typed_[a-zA-Z_0-9]+' | sort -u; }

# Functions in headers: of the tables, which are no part of the core; of the core, proved with decide_rule.c.
export of_abi=abi_op_has,abi_bytes_in_regions,abi_bytes_staged
export of_headers
of_headers=$(sed -nE 's/^static inline .*[ *](decide_[a-z_]+)\(.*/\1/p' wasi/decide/decide.h wasi/decide/decide_inner.h | paste -sd,)

# Of decide_request.c and decide_commit.c, the entries of the operations.
rows_of() { sed -nE "s/^OPERATION(_[A-Z0-9]+)?\([A-Z0-9_]+, ([a-z0-9_]+),.*/${1%.c}_\2/p" wasi/abi/operations.def | paste -sd,; }

# Prints a file's line; its numbers go to FILE.sum: all goals, proved, automatic ones, smoke tests; to `failed` what failed.
prove_file() {
    local file=$1 log=$work/$1.log start=$SECONDS skip=$of_abi cache=update key line
    key=$(key . "$file" "$timeout") || exit 1
    if line=$(kept_before "$key"); then
        head -1 <<<"$line" >"$work/$file.sum"
        tail -1 <<<"$line"
        return
    fi
    [ $fresh = 0 ] || cache=rebuild
    [ "$file" = decide_rule.c ] || skip=$skip,$of_headers
    [[ $file != decide_@(request|commit).c ]] || skip=$skip,$(rows_of "$file")
    local good all smokes rte
    wp_in_turn . "$file" "$log" -wp-cache $cache -wp-cache-dir "$kept/goals" -wp-timeout "$timeout" -wp-smoke-tests -wp-smoke-timeout 1 -wp-no-smoke-dead-code \
        -wp-no-smoke-dead-call -wp-no-smoke-dead-loop -wp-skip-fct "$skip"
    read -r good all < <(sed -nE 's/^\[wp\] Proved goals: +([0-9]+) \/ +([0-9]+).*/\1 \2/p' "$log" | tail -1)
    if [ -z "${all:-}" ]; then
        tail -20 "$log"
        echo "$file: frama-c gave no result" | tee -a "$work/failed"
        return
    fi
    smokes=$(grep -c '^\[wp\] \[Passed\] Smoke-test' "$log")
    rte=$(grep -oE '^\[wp\] \[[^]]*\] Goal [a-zA-Z_0-9]+' "$log" | grep -c _assert_rte_)
    if grep -E '^\[wp\] \[[^]]*\] Smoke-test' "$log" | grep -v Passed; then
        echo "$file: a contract contradicts itself" | tee -a "$work/failed"
    fi
    good=$((good - smokes)) all=$((all - smokes))
    line=$(printf '%-22s %4d / %4d goals (%d contract, %d rte), %d smoke tests' "$file" "$good" "$all" $((all - rte)) "$rte" "$smokes")
    echo "$line, $((SECONDS - start)) s"
    echo "$all $good $rte $smokes" >"$work/$file.sum"
    if [ "$good" = "$all" ] && ! grep -qs "^$file:" "$work/failed"; then
        printf '%s 1\n%s, proved before\n' "$(cat "$work/$file.sum")" "$line" | keep "$key"
        return
    fi
    unproved "$log" | sed "s/^/$file: not proved: /" | tee -a "$work/failed"
}

# A fault's patch starts with `breaks: FILE FUNCTION GOAL`. The goal must hold without it, in the same time, and not with it.
# A loaded machine gets more time for both. Goals that the fault does not touch were proved with their file: they are looked up, and
# nothing is kept of a text that has a fault.
mutant() {
    local patch=$1 name root file function goal left seconds key line goals=(-wp-cache replay -wp-cache-dir "$kept/goals")
    name=$(basename "$patch" .patch)
    root=$work/mutant.$name
    read -r _ file function goal <"$patch"
    mkdir -p "$root/runtime/base" "$root/wasi"
    cp runtime/base/*.h "$root/runtime/base/" && cp -r wasi/abi wasi/decide "$root/wasi/"
    key=$(key "$root" "$file" "$(cat "$patch")") || exit 1
    if line=$(kept_before "$key"); then
        echo "$line, as before"
        return
    fi
    for seconds in 6 40; do
        wp_in_turn "$root" "$file" "$root/whole.log" "${goals[@]}" -wp-timeout "$seconds" -wp-fct "$function" -wp-prop "$goal"
        proves_all "$root/whole.log" && break
        [ "$seconds" = 40 ] && echo "$name: $goal of $function is not proved without the fault" | tee -a "$work/failed" && return
    done
    if ! patch -s -p1 -d "$root" <"$patch"; then
        echo "$name: the patch does not apply" | tee -a "$work/failed"
        return
    fi
    wp "$root" "$file" "$root/fault.log" cvc4,z3 "${goals[@]}" -wp-timeout "$seconds" -wp-fct "$function" -wp-prop "$goal"
    left=$(unproved "$root/fault.log" | tr '\n' ' ')
    if [ -z "$left" ] || ! grep -q '^\[wp\] Proved goals:' "$root/fault.log"; then
        echo "$name: breaks nothing ($goal of $function)" | tee -a "$work/failed"
    else
        echo "$name: breaks $left" | tee >(keep "$key")
    fi
}

export -f rows_of key kept_before keep wp wp_in_turn proves_all unproved prove_file mutant
if [ -n "$fault" ]; then
    mutant "tests/proof/mutants/$fault.patch"
    [ ! -s "$work/failed" ]
    exit
fi
# The files that take longest first.
files=(decide_net_move.c decide_commit.c decide_net_open.c decide_pair.c decide_filestat.c decide_named.c decide_net_name.c decide_request_net.c
    decide_io.c decide_request.c decide_step.c)
for path in wasi/decide/decide_*.c; do
    file=$(basename "$path")
    [[ $file = decide_row.c || " ${files[*]} " = *" $file "* ]] || files+=("$file")
done
[ -z "$only" ] || files=("$only")
printf '%s\n' "${files[@]}" | xargs -P "$jobs" -I{} bash -c 'prove_file {}' || ended_early "file's proof"
cat "$work"/*.sum | awk -v s=$SECONDS '{ all += $1; good += $2; rte += $3; smoke += $4; before += $5 ? $1 : 0 }
    END { printf "%d / %d goals: %d contract, %d rte; %d smoke tests; %d goals in files that were proved before; %d s\n",
        good, all, all - rte, rte, smoke, before, s }'
# A goal that ran out of time may be proved on a quieter machine. Smoke tests may take a second, and should run out of it.
grep -lE '"timeout", "time": ([2-9]|[0-9]{2})' -r "$kept/goals" | xargs -r rm -f
if [ $mutants = 1 ]; then
    printf '%s\n' tests/proof/mutants/*.patch | xargs -P "$jobs" -I{} bash -c 'mutant {}' || ended_early "fault's trial"
    echo "$(ls tests/proof/mutants/*.patch | wc -l) faults tried; $SECONDS s"
fi
[ ! -s "$work/failed" ]
