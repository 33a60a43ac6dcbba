/* Reads off one trace what its run needed: parts of directories, and whether they were written; addresses; limits.
 *
 * Invariants: what is read here is only a proposal, which the decision core is asked about afterwards; a trace is an
 * attacker's file, so that what is kept of it is bounded. What is needed for writing is what the core refuses where all
 * directories are granted for reading. */
#include "cli/learn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checker/checker.h"
#include "checker/show.h"
#include "runtime/base/text.h"

/* A run on its way. */
struct reading {
    struct learn *learn;
    struct learn_run *run;
    struct wasi_again *again;
    struct trace_call *call;
    struct trace_exit exit;
    bool exited;
    uint32_t use[HANDLES_TOTAL];                    /* by which use a descriptor came; UINT32_MAX: by none */
    struct wasi_again_named named[AGAIN_NAMED_MAX]; /* by the call that is read */
};

void learn_run_done(struct learn_run *run)
{
    for (uint32_t i = 0; i < run->use_count; i++)
        free(run->uses[i].below);
    free(run->uses);
    free(run->flat);
    wasi_start_done(&run->start);
    run_spec_done(&run->spec);
}

/* ---- what may teach ---- */

static enum status check_judge(const struct learn *learn, struct learn_run *run, const struct check_report *report,
                               struct error *error)
{
    const struct check_finding *first = NULL;
    for (size_t i = 0; i < report->findings_kept && !first; i++)
        if (check_finding_row(report->findings[i].kind)->fails)
            first = &report->findings[i];
    snprintf(run->verdict, sizeof run->verdict, "%s", check_report_verdict(report));
    run->cut = !report->trace_whole || !report->has_exit || report->lost > 0;
    run->events = report->events;
    run->calls = report->hostcalls;
    if (report->failing > 0)
        return error_set(error, STATUS_DENIED,
                         "%s: nothing is learnt from a trace with findings, the first is %s; `warrant check` tells all",
                         run->path, first ? check_finding_row(first->kind)->rule : "not kept");
    if (run->cut && !learn->partial)
        return error_set(
            error, STATUS_DENIED,
            "%s: the trace is not the whole run (%s), so nobody knows what else it needs; --partial learns "
            "from what is there",
            run->path, report->stop_text[0] ? report->stop_text : trace_end_text(&report->end));
    if (run->cut)
        snprintf(run->ended, sizeof run->ended, "%s",
                 report->stop_text[0] ? report->stop_text : trace_end_text(&report->end));
    else if (report->exit.outcome == WASI_ENDED_TRAP)
        snprintf(run->ended, sizeof run->ended, "trap: %s", check_trap_text(report->exit.trap));
    return STATUS_OK;
}

static enum status check_run(struct learn *learn, struct learn_run *run, struct error *error)
{
    struct check_options options = { .trace_path = run->path,
                                     .no_replay = learn->no_replay,
                                     .replay = replay_process_run,
                                     .replay_self = &learn->process };
    struct check_report report;
    struct checker *checker = NULL;
    check_report_init(&report);
    enum status s = checker_open(NULL, NULL, NULL, &checker, error);
    if (s == STATUS_OK)
        s = checker_check(checker, &options, &report, error);
    if (s == STATUS_OK)
        s = check_judge(learn, run, &report, error);
    checker_close(checker);
    check_report_done(&report);
    return s;
}

/* ---- parts of directories ---- */

static enum status use_find(struct reading *reading, uint32_t preopen, const char *below, uint32_t *ret,
                            struct error *error)
{
    struct learn_run *run = reading->run;
    if (run->flat[preopen])
        below = "";
    for (uint32_t i = 0; i < run->use_count; i++)
        if (run->uses[i].preopen == preopen && strcmp(run->uses[i].below, below) == 0) {
            *ret = i;
            return STATUS_OK;
        }
    if (run->use_count == LEARN_USES_MAX - LIMIT_PREOPENS && below[0]) {
        run->flat[preopen] = true; /* its other parts are covered by the whole */
        return use_find(reading, preopen, "", ret, error);
    }
    if (run->use_count >= LEARN_USES_MAX)
        return error_set(error, STATUS_LIMIT, "more than %d parts of directories", LEARN_USES_MAX);
    char *copy = strdup(below);
    if (!copy)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    *ret = run->use_count;
    run->uses[run->use_count++] = (struct learn_use) { .preopen = preopen, .below = copy };
    return STATUS_OK;
}

/* Whether the call may have been led elsewhere by its path's last name. (The others: learn_parts.c.) */
static bool is_link(const struct reading *reading, const struct wasi_again_call *call, uint32_t preopen,
                    const char *path)
{
    const uint32_t operation = call->request->call;
    struct stat st;
    if (reading->learn->unseen || (operation != OPERATION_PATH_OPEN && operation != OPERATION_PATH_FILESTAT_GET &&
                                   operation != OPERATION_PATH_FILESTAT_SET_TIMES))
        return false;
    char *whole = learn_path(learn_host(reading->run, preopen), path);
    const bool link = whole && lstat(whole, &st) == 0 && S_ISLNK(st.st_mode);
    free(whole);
    return link;
}

/* The directory that has to be granted for a call on what `named` names beneath the run's directory. */
static enum status part_use(struct reading *reading, const struct wasi_again_call *call, uint32_t preopen,
                            const struct wasi_again_named *named, uint32_t *ret, struct error *error)
{
    char path[LIMIT_PATH + 2];
    if (call->request->call == OPERATION_PATH_SYMLINK || !wasi_again_path(call->request, named->string, path) ||
        is_link(reading, call, preopen, path)) {
        reading->run->flat[preopen] = true;
        path[0] = 0;
    } else if (!wasi_again_is_directory(call)) {
        char *slash = strrchr(path, '/');
        *(slash ? slash : path) = 0;
    }
    return use_find(reading, preopen, path, ret, error);
}

/* Descriptors that the call opened, moved or closed. */
static void handles_follow(struct reading *reading, uint32_t use)
{
    const struct call_ops *ops = &reading->call->ops;
    for (uint32_t i = 0; i < ops->count; i++) {
        const struct op *op = &ops->op[i];
        const enum op_table table = (enum op_table)abi_ops[op->kind].table;
        if (ops->result[i].value < 0 && table != OP_TABLE_CLOSES)
            continue;
        if (table == OP_TABLE_OPENS && op->handle2 < HANDLES_TOTAL) {
            reading->use[op->handle2] = use;
            learn_seen_handle(&reading->run->seen, op->handle2);
        } else if (table == OP_TABLE_MOVES && op->handle < HANDLES_TOTAL && op->handle2 < HANDLES_TOTAL) {
            reading->use[op->handle] = reading->use[op->handle2];
            reading->use[op->handle2] = UINT32_MAX;
        } else if (table == OP_TABLE_CLOSES && op->handle < HANDLES_TOTAL) {
            reading->use[op->handle] = UINT32_MAX;
        }
    }
}

/* ---- addresses ---- */

static bool same_rule(const struct net_rule *a, const struct net_rule *b)
{
    return a->protocol == b->protocol && a->verb == b->verb && a->family == b->family && a->prefix == b->prefix &&
           a->port_first == b->port_first && a->port_last == b->port_last &&
           memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static enum status rule_add(struct learn *learn, const struct net_rule *rule, bool exact, struct error *error)
{
    struct learn_policy *policy = &learn->policy;
    for (uint32_t i = 0; i < policy->rule_count; i++)
        if (same_rule(&policy->rules[i].rule, rule)) {
            policy->rules[i].exact |= exact;
            return STATUS_OK;
        }
    if (!policy->rules)
        policy->rules = calloc(LIMIT_NETWORK_RULES, sizeof *policy->rules);
    if (!policy->rules)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (policy->rule_count == LIMIT_NETWORK_RULES)
        return error_set(error, STATUS_DENIED,
                         "more than %d addresses were used: rules of the network for so many are for you to write",
                         LIMIT_NETWORK_RULES);
    policy->rules[policy->rule_count++] = (struct learn_rule) { *rule, exact };
    return STATUS_OK;
}

/* Just that address; and the IPv4 address that it leads to, if it does (NAT64, 6to4). */
static enum status address_add(struct reading *reading, uint8_t verb, bool stream, struct error *error)
{
    static const uint8_t nat64[4] = { 0, 0x64, 0xff, 0x9b }, to4[2] = { 0x20, 0x02 };
    const struct net_address *address = &reading->call->request.address;
    struct net_rule rule = { .protocol = stream ? NET_TCP : NET_UDP,
                             .verb = verb,
                             .family = address->family,
                             .prefix = address->family == NET_V4 ? 32 : 128,
                             .port_first = address->port,
                             .port_last = address->port };
    memcpy(rule.bytes, address->bytes, address->family == NET_V4 ? 4 : sizeof rule.bytes);
    enum status s = policy_network_well_formed(&rule) ? rule_add(reading->learn, &rule, true, error) : STATUS_OK;
    const bool nat = memcmp(address->bytes, nat64, sizeof nat64) == 0;
    if (s != STATUS_OK || address->family != NET_V6 || (!nat && memcmp(address->bytes, to4, sizeof to4) != 0))
        return s;
    rule.family = NET_V4;
    rule.prefix = 32;
    memset(rule.bytes, 0, sizeof rule.bytes);
    memcpy(rule.bytes, address->bytes + (nat ? 12 : 2), 4);
    return policy_network_well_formed(&rule) ? rule_add(reading->learn, &rule, true, error) : STATUS_OK;
}

static enum status address_use(struct reading *reading, struct error *error)
{
    const struct trace_call *call = reading->call;
    enum status s = STATUS_OK;
    if (call->request.address.family != NET_V4 && call->request.address.family != NET_V6)
        return STATUS_OK;
    for (uint32_t i = 0; s == STATUS_OK && i < call->ops.count; i++) {
        const struct op *op = &call->ops.op[i];
        const struct wasi_again_socket socket = wasi_again_socket(reading->again, op->handle);
        if (socket.is_socket && (op->kind == OP_CONNECT || op->kind == OP_SEND_TO || op->kind == OP_BIND))
            s = address_add(reading, op->kind == OP_BIND ? NET_BIND : NET_CONNECT, socket.stream, error);
    }
    return s;
}

/* Some address of each of the run's rules, for sockets that met none: the least that lets them be opened. And what lets
 * the system bind a socket by itself. */
static enum status rules_wide(struct learn *learn, const struct policy *was, struct error *error)
{
    enum status s = STATUS_OK;
    for (uint32_t i = 0; s == STATUS_OK && i < was->network_count; i++) {
        struct net_rule rule = was->networks[i];
        if (rule.verb == NET_BIND && rule.prefix == 0 && rule.port_first == 0) {
            rule.port_last = 0;
            s = rule_add(learn, &rule, false, error);
        }
    }
    for (uint32_t i = 0; s == STATUS_OK && i < was->network_count; i++) {
        struct net_rule rule = was->networks[i];
        rule.prefix = rule.family == NET_V4 ? 32 : 128;
        rule.port_last = rule.port_first;
        if (policy_network_well_formed(&rule))
            s = rule_add(learn, &rule, false, error);
    }
    return s;
}

/* ---- one call ---- */

static enum status call_read(struct reading *reading, struct error *error)
{
    struct wasi_again_named *named = reading->named;
    struct trace_call *call = reading->call;
    struct learn_run *run = reading->run;
    const struct wasi_again_call asked = { &call->request, &call->ops, &call->outcome, call->complete };
    uint32_t uses[OPERATION_FIELDS_MAX], count = 0, names = 0;
    enum status s =
        call->request.call < OPERATION_COUNT && call->ops.count <= LIMIT_OPS && call->outcome.rule < RULE_COUNT
            ? STATUS_OK
            : error_set(error, STATUS_MALFORMED, "event %" PRIu64 " is no hostcall", call->begin_event);
    if (s != STATUS_OK)
        return s;
    const bool needs = wasi_again_succeeded(&asked) && !wasi_again_asks_grant(&call->request);
    if (call->request.call == OPERATION_FD_PRESTAT_DIR_NAME && wasi_again_succeeded(&asked))
        run->by_name = true;
    if (needs)
        names = wasi_again_names(&call->request, named);
    for (uint32_t i = 0; s == STATUS_OK && i < names && count < OPERATION_FIELDS_MAX; i++) {
        uint32_t preopen = wasi_again_preopen(reading->again, named[i].handle), use = UINT32_MAX;
        if (preopen < run->spec.policy.file_count && call->request.call != OPERATION_FD_CLOSE)
            s = part_use(reading, &asked, preopen, &named[i], &use, error);
        else if (preopen == UINT32_MAX && named[i].handle < HANDLES_TOTAL)
            use = reading->use[named[i].handle];
        if (use != UINT32_MAX)
            uses[count++] = use;
    }
    if (s == STATUS_OK)
        s = address_use(reading, error);
    struct wasi_again_ruling ruling = { .answer = AGAIN_SAME };
    if (s == STATUS_OK)
        s = wasi_again_decide(reading->again, &asked, &ruling, error);
    if (s != STATUS_OK)
        return s;
    for (uint32_t i = 0; i < count; i++)
        run->uses[uses[i]].writes |= ruling.answer != AGAIN_SAME;
    if (call->complete)
        handles_follow(reading, count > 0 ? uses[0] : UINT32_MAX);
    learn_seen_call(&run->seen, call);
    return STATUS_OK;
}

static enum status calls_read(struct reading *reading, struct error *error)
{
    struct learn_run *run = reading->run;
    struct trace_reader *reader;
    struct trace_end end = { 0 };
    enum trace_item_kind kind;
    uint64_t bytes = 0;
    enum status s = trace_reader_open(run->path, &reader, error);
    if (s != STATUS_OK)
        return s;
    while (s == STATUS_OK) {
        s = trace_reader_next(reader, &kind, reading->call, &reading->exit, error);
        if (s == STATUS_OK && kind == TRACE_ITEM_CALL)
            s = call_read(reading, error);
        reading->exited |= s == STATUS_OK && kind == TRACE_ITEM_EXIT;
    }
    bool ends = trace_end_ahead(trace_reader_fd(reader, &bytes), bytes, &end);
    (void)trace_reader_fd(reader, &bytes);
    learn_seen_end(&run->seen, &run->spec, reading->exited ? &reading->exit : NULL, ends ? &end : NULL, bytes);
    trace_reader_close(reader);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* All that the run was granted, but every directory for reading. */
static enum status needs_read(struct reading *reading, struct error *error)
{
    const struct learn_run *run = reading->run;
    const struct wasi_config *config = &run->start.config;
    struct wasi_again_grant grants[LIMIT_PREOPENS];
    for (uint32_t i = 0; i < config->preopen_count && i < LIMIT_PREOPENS; i++)
        grants[i] = (struct wasi_again_grant) { i, "", false };
    const struct wasi_again_world world = { .grant_count = config->preopen_count,
                                            .grants = grants,
                                            .device_count = config->device_count,
                                            .devices = config->devices,
                                            .network_count = config->network_count,
                                            .networks = config->networks,
                                            .name_count = config->name_count,
                                            .names = config->names,
                                            .listens = UINT64_MAX };
    enum status s = wasi_again_create(config, &world, 1, &reading->again, error);
    if (s == STATUS_OK)
        s = calls_read(reading, error);
    wasi_again_free(reading->again);
    return s;
}

static enum status description_read(struct learn_run *run, struct error *error)
{
    struct trace_reader *reader;
    size_t size;
    enum status s = trace_reader_open(run->path, &reader, error);
    if (s != STATUS_OK)
        return s;
    const void *bytes = trace_reader_description(reader, &size);
    s = run_spec_decode(bytes, size, &run->spec, error);
    trace_reader_close(reader);
    if (s == STATUS_OK)
        s = wasi_start_init(&run->spec, &run->start, error);
    run->uses = calloc(LEARN_USES_MAX, sizeof *run->uses);
    run->flat = calloc(LIMIT_PREOPENS, sizeof *run->flat);
    if (s == STATUS_OK && (!run->uses || !run->flat))
        s = error_set(error, STATUS_NO_MEMORY, "out of memory");
    return s;
}

enum status learn_run_read(struct learn *learn, struct learn_run *run, struct error *error)
{
    enum status s = check_run(learn, run, error);
    if (s != STATUS_OK)
        return s;
    struct reading *reading = calloc(1, sizeof *reading);
    struct trace_call *call = malloc(sizeof *call);
    s = reading && call ? description_read(run, error) : error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        reading->learn = learn;
        reading->run = run;
        reading->call = call;
        memset(reading->use, 0xff, sizeof reading->use);
        s = needs_read(reading, error);
    }
    if (s == STATUS_OK)
        s = rules_wide(learn, &run->spec.policy, error);
    if (s != STATUS_OK)
        error_prefix(error, "%s", run->path);
    free(call);
    free(reading);
    return s;
}
