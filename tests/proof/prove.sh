#!/usr/bin/env bash
# Proves the decision core (wasi/decide) with Frama-C's WP, Z3 and CVC4, and prints `N / N goals`.
#
# usage: prove.sh [--mutants] [--file NAME]
#   --mutants   also: each fault in tests/proof/mutants, applied to a copy, must break the goal that it names
#   --file      only wasi/decide/NAME, for work on it
# Environment: PROVE_TIMEOUT, seconds for one goal (40); PROVE_PARALLEL, provers at once (2).
# Status: 0 all proved; 1 a goal is not proved, a contract is contradictory, or a fault breaks nothing; 2 usage.
#
# Smoke tests ride along: no function may require what contradicts itself, for then anything would follow. (What functions promise
# is proved of their code, so it cannot contradict itself.) Contract goals are what the annotations state; automatic ones (rte) are the absence of undefined behaviour. Functions of the
# inner header are proved once, with decide_rule.c. decide_row.c only reads tables: its contract is believed, and tested.
set -uo pipefail
cd "$(dirname "$0")/../.."

timeout=${PROVE_TIMEOUT:-40}
parallel=${PROVE_PARALLEL:-2}
mutants=0 only=
while [ $# -gt 0 ]; do
    case $1 in
    --mutants) mutants=1 ;;
    --file) only=${2:?} && shift ;;
    *) echo "prove.sh: unknown option $1" >&2 && exit 2 ;;
    esac
    shift
done
command -v frama-c >/dev/null || { echo "prove.sh: frama-c is missing; ./dev setup installs it" >&2; exit 1; }
why3 config list-provers 2>/dev/null | grep -q Z3 || why3 config detect >/dev/null

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
inlines=decide_go_commit,decide_issue,decide_handle_rule,decide_buffer

# wp ROOT FILE LOG OPTION...
wp() {
    local root=$1 file=$2 log=$3
    shift 3
    (cd "$root" && frama-c -cpp-extra-args="-I. -D_GNU_SOURCE" -wp -wp-prover z3,cvc4 -wp-par "$parallel" -wp-cache none "$@" \
        "wasi/decide/$file") >"$log" 2>&1
}

# Names of the goals in a log: proved, and not proved.
proved() { grep -oE '^\[wp\] \[[^]]*\] Goal [a-z_A-Z0-9]+ : Valid' "$1" | awk '{ print $(NF - 2) }'; }
unproved() { grep -E '^\[wp\] \[(Failed|Timeout|Unknown|Stepout)\] Goal' "$1" | grep -oE 'typed_[a-zA-Z_0-9]+'; }

all=0 good=0 rte=0 smokes=0 failed=0
prove_file() {
    local file=$1 log=$work/$1.log start=$SECONDS skip=(-wp-skip-fct "$inlines")
    [ "$file" = decide_rule.c ] && skip=()
    wp . "$file" "$log" -wp-rte -wp-timeout "$timeout" -wp-smoke-tests -wp-smoke-timeout 1 -wp-no-smoke-dead-code \
        -wp-no-smoke-dead-call -wp-no-smoke-dead-loop "${skip[@]}"
    local line done_here all_here rte_here smokes_here
    line=$(grep -E '^\[wp\] Proved goals:' "$log" | tail -1)
    done_here=$(awk '{ print $4 }' <<<"$line")
    all_here=$(awk '{ print $6 }' <<<"$line")
    if [ -z "$all_here" ]; then
        tail -20 "$log"
        echo "$file: frama-c gave no result"
        failed=1
        return
    fi
    smokes_here=$(grep -c '^\[wp\] \[Passed\] Smoke-test' "$log")
    if grep -E '^\[wp\] \[[^]]*\] Smoke-test' "$log" | grep -v Passed; then
        echo "$file: a contract contradicts itself"
        failed=1
    fi
    done_here=$((done_here - smokes_here)) all_here=$((all_here - smokes_here)) smokes=$((smokes + smokes_here))
    rte_here=$(grep -oE '^\[wp\] \[[^]]*\] Goal [a-zA-Z_0-9]+' "$log" | grep -c _assert_rte_)
    printf '%-22s %4d / %4d goals (%d contract, %d rte) in %d s\n' "$file" "$done_here" "$all_here" \
        $((all_here - rte_here)) "$rte_here" $((SECONDS - start))
    all=$((all + all_here)) good=$((good + done_here)) rte=$((rte + rte_here))
    if [ "$done_here" != "$all_here" ]; then
        unproved "$log" | sed 's/^/  not proved: /'
        failed=1
    fi
}

# A fault's patch starts with `breaks: FILE FUNCTION GOAL`. The goal must hold without it, in the same time, and not with it.
mutant() {
    local patch=$1 name root=$work/mutant file function goal left
    name=$(basename "$patch" .patch)
    read -r _ file function goal <"$patch"
    rm -rf "$root"
    mkdir -p "$root/runtime/base" "$root/wasi"
    cp runtime/base/*.h "$root/runtime/base/" && cp -r wasi/abi wasi/decide "$root/wasi/"
    wp "$root" "$file" "$work/whole.log" -wp-rte -wp-timeout 10 -wp-fct "$function" -wp-prop "$goal"
    if ! grep -qE 'Proved goals: +([1-9][0-9]*) / \1$' "$work/whole.log"; then
        echo "$name: $goal of $function is not proved without the fault either"
        failed=1
        return
    fi
    if ! patch -s -p1 -d "$root" <"$patch"; then
        echo "$name: the patch does not apply"
        failed=1
        return
    fi
    wp "$root" "$file" "$work/fault.log" -wp-rte -wp-timeout 10 -wp-fct "$function" -wp-prop "$goal"
    left=$(unproved "$work/fault.log" | sort -u | tr '\n' ' ')
    if [ -z "$left" ]; then
        echo "$name: breaks nothing ($goal of $function)"
        failed=1
    else
        echo "$name: breaks $left"
    fi
}

start=$SECONDS
for path in wasi/decide/decide_*.c; do
    file=$(basename "$path")
    [ "$file" = decide_row.c ] && continue
    [ -z "$only" ] || [ "$file" = "$only" ] || continue
    prove_file "$file"
done
echo "$good / $all goals: $((all - rte)) contract, $rte rte; $smokes smoke tests; $((SECONDS - start)) s"
if [ $mutants = 1 ]; then
    count=0
    for patch in tests/proof/mutants/*.patch; do
        mutant "$patch"
        count=$((count + 1))
    done
    echo "$count faults tried; $((SECONDS - start)) s"
fi
exit $failed
