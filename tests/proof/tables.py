#!/usr/bin/env python3
"""Writes what the tables of wasi/abi say as logic, for the prover: usage: tables.py ROOT OUT.

OUT/tables.h   axioms, one per row: what decide.h's predicates say of a call or of an op is what its row says
OUT/calls.c    the contracts of every decide_NAME, commit_NAME, decide_commit_NAME and decide_request_NAME, which are the same for all, beside its prototype
Each axiom fixes a function or predicate at one row, so they cannot contradict each other as long as no row is there twice."""
import os
import re
import sys


def rows(path, macro):
    """The rows of a .def: one dictionary each, by the names of the columns in its legend."""
    text = open(path, encoding="utf-8").read()
    columns = [c.strip().rstrip(".") for c in re.search(r"^ \* " + macro + r"\(([^)]*)\)", text, re.M).group(1).split(",")]
    body = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    defines = dict(re.findall(r"^#define (\w+) (.*)$", body, re.M))
    for match in re.finditer(r"^" + macro + r"(?:_\w+)?\(", body, re.M):
        depth, at, cells, start, quoted = 1, match.end(), [], match.end(), False
        while depth:
            quoted ^= body[at] == '"'
            if quoted:
                at += 1
                continue
            depth += {"(": 1, ")": -1}.get(body[at], 0)
            if depth == 0 or (depth == 1 and body[at] == ","):
                cells.append(" ".join(body[start:at].split()))
                start = at + 1
            at += 1
        if len(cells) != len(columns):
            sys.exit(f"tables.py: {path}: {cells[0]} has {len(cells)} columns, not {len(columns)}")
        for name, value in defines.items():
            cells = [re.sub(rf"\b{name}\b", value, cell) for cell in cells]
        yield dict(zip((c.lower() for c in columns), cells))


def one_of(name, values):
    return "(" + " || ".join(f"{name} == {value}" for value in values) + ")" if values else r"\false"


def yes(condition, fact):
    return fact if condition else "!" + fact


def calls(table, types, second_rights):
    yield "axiomatic Calls {"
    for name in "call_handle call_handle2 call_most call_strings call_buffer call_vector call_rights2".split():
        yield f"  logic integer {name}(integer call);"
    yield "  logic integer call_rights(integer call);"
    yield "  predicate call_waits(integer call);"
    yield "  predicate call_names(integer call);"
    yield "  predicate call_issues(integer call, integer kind);"
    for row in table:
        call, slot, handle, handle2, buffer, strings, vector, waits = PREFIX + row["id"], 0, -1, -1, -1, 0, "-1", False
        for kind in re.findall(r"\bF\((\w+),", row["fields"]):
            arg = types[kind]
            handle2 = slot if kind == "FD" and handle >= 0 > handle2 else handle2
            handle = slot if kind == "FD" and handle < 0 else handle
            buffer = slot if arg["class"] == "BUFFER" else buffer
            strings += arg["class"] == "STRING"
            vector = "ARG_CLASS_" + arg["class"] if arg["class"] in ("IOVS", "CIOVS") else vector
            waits = waits or arg["class"] == "SUBS"
            slot += len(arg["core"].strip('"'))
        facts = [f"call_handle({call}) == {handle}", f"call_handle2({call}) == {handle2}", f"call_rights({call}) == ({row['rights']})",
                 f"call_most({call}) == {row['max_ops']}", f"call_strings({call}) == {strings}",
                 f"call_buffer({call}) == {buffer}", f"call_vector({call}) == {vector}", yes(waits, f"call_waits({call})")]
        ops = ["OP_" + op for op in re.findall(r"OPS\((\w+)\)", row["ops"])]
        names = [second_rights[op] for op in ops if op in second_rights]
        facts += [yes(names, f"call_names({call})"), f"call_rights2({call}) == ({' | '.join(names) or 0})"]
        yield f"  axiom row_{row['id']}: {' && '.join(facts)};"
        yield rf"  axiom ops_{row['id']}: \forall integer kind; call_issues({call}, kind) <==> {one_of('kind', ops)};"
    built = [PREFIX + row["id"] for row in table if row["state"] == "BUILT"]
    yield rf"  axiom built: \forall integer call, kind; call_issues(call, kind) ==> {one_of('call', built)};"
    yield "}"


def ops(table):
    names = "op_without_handle op_takes_name op_takes_names op_moves op_reads_vector op_writes_vector op_reads_region op_writes_region".split()
    yield "axiomatic Ops {"
    for name in names:
        yield f"  predicate {name}(integer kind);"
    yield "  logic integer op_changes(integer kind);"
    for row in table:
        kind = "OP_" + row["id"]
        vector = ("VECTOR", "JOINED")
        says = [row["object"] in ("NONE", "AWAITED"), row["object"] == "NAME", row["object"] == "NAMES", row["table"] == "MOVES",
                row["out"] in vector, row["in"] in vector, row["out"] == "REGION", row["in"] == "REGION"]
        changes = int(row["changes"] in ("STATE", "WORLD"))
        yield f"  axiom op_{row['id']}: {' && '.join(yes(s, f'{n}({kind})') for s, n in zip(says, names))} && op_changes({kind}) == {changes};"
    yield "}"


def rules(table):
    yield "axiomatic Rules {"
    yield "  predicate rule_refuses(integer rule);"
    refusing = ["RULE_" + row["id"] for row in table if row["verdict"] == "REFUSE"]
    yield rf"  axiom refusing: \forall integer rule; rule_refuses(rule) <==> {one_of('rule', refusing)};"
    yield "}"


CONTRACT = """/*@ requires request->call == {call};
  @ requires step_part(context, table, request, plan, answer);
  @ assigns \\nothing;
  @ ensures DECIDE_SOUND(context, table, request, plan, answer, \\result);
*/
struct step decide_{name}(const struct decide_context *context, const struct handle_table *table,
    const struct request *request, struct plan plan, const struct op_result *answer);
/*@ requires request->call == {call};
  @ requires commit_part(context, table, request, plan, answer);
  @ assigns \\nothing;
  @ ensures change: change_ok(table, request, plan, answer, \\result);
*/
struct change commit_{name}(const struct decide_context *context, const struct handle_table *table,
    const struct request *request, struct plan plan, const struct op_result *answer);
/*@ requires request->call == {call};
  @ requires commit_valid(context, table, request, plan, answer, outcome);
  @ requires plan_done(context, table, request, *plan, answer);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], *outcome;
  @ ensures COMMIT_SOUND(table, request, \\old(*plan), answer);
*/
void decide_commit_{name}(const struct decide_context *context, struct handle_table *table, const struct request *request,
    const struct plan *plan, const struct op_result *answer, struct outcome *outcome);
"""
REQUEST = """/*@ requires \\valid_read(context) && \\valid(request) && memory_valid(memory, context->memory);
  @ requires {slots} > 0 ==> \\valid_read(slots + (0 .. {slots} - 1));
  @ requires \\separated(request, context) && \\separated(request, slots + (0 .. {slots} - 1));
  @ requires \\separated(request, memory + (0 .. context->memory - 1));
  @ assigns *request;
  @ ensures whole: request_whole(request);
*/
void decide_request_{name}(uint32_t import, const uint64_t *slots, const struct decide_context *context, const uint8_t *memory,
    struct request *request);
"""

PREFIX = "OPERATION_"


def main():
    root, out = sys.argv[1:]
    abi = os.path.join(root, "wasi/abi")
    types = {row["name"]: row for row in rows(os.path.join(abi, "argtypes.def"), "ARG_TYPE")}
    table = list(rows(os.path.join(abi, "operations.def"), "OPERATION"))
    op_table = list(rows(os.path.join(abi, "ops.def"), "OP"))
    second_rights = {"OP_" + row["id"]: re.fullmatch(r"EACH\((.*), (.*)\)", row["right"]).group(2)
                     for row in op_table if row["object"] == "NAMES"}
    lines = [*calls(table, types, second_rights), *ops(op_table),
             *rules(rows(os.path.join(abi, "rules.def"), "RULE"))]
    with open(os.path.join(out, "tables.h"), "w", encoding="utf-8") as file:
        file.write('#include "wasi/abi/call.h"\n/*@ ' + "\n  @ ".join(lines) + "\n*/\n")
    with open(os.path.join(out, "calls.c"), "w", encoding="utf-8") as file:
        file.write('#include "wasi/decide/decide_inner.h"\n')
        for row in table:
            slots = sum(len(types[kind]["core"].strip('"')) for kind in re.findall(r"\bF\((\w+),", row["fields"]))
            file.write(REQUEST.format(name=row["name"], slots=slots))
            if row["state"] == "BUILT":
                file.write(CONTRACT.format(call=PREFIX + row["id"], name=row["name"]))


main()
