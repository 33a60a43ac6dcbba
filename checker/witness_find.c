/* The witness file beside a trace, or the one that was named.
 *
 * Invariants: whether a run had a witness is the description's word, which was written before the guest ran, and never
 * the absence of a file: a file that is gone, empty, cut or of another run fails the check of a run that had one. A
 * file that nobody's witness wrote, by that word, is not used. What this machine cannot do (memory, reading) ends the
 * check and accuses nobody. docs/witness.md, What a check demands of the file. */
#include "checker/witness_find.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checker/findings.h"
#include "checker/impact.h"
#include "runtime/base/text.h"

/* Numbers of Linux; seccomp(2), prctl(2). */
enum {
    SECCOMP_SET_FILTER = 1,
    SECCOMP_FILTER_MODE = 2,
    PRCTL_SET_DUMPABLE = 4,
    PRCTL_SET_SECCOMP = 22,
    PRCTL_SET_NO_NEW_PRIVS = 38
};

/* FILE.wtrace has its witness in FILE.wwit; any other name gets .wwit behind it. */
static void path_beside(const char *trace, char *ret, size_t size)
{
    size_t length = strlen(trace);
    const size_t suffix = sizeof ".wtrace" - 1;
    if (length > suffix && strcmp(trace + length - suffix, ".wtrace") == 0)
        length -= suffix;
    snprintf(ret, size, "%.*s.wwit", (int)length, trace);
}

/* What the witness saw of the setup of the guest's process. */
struct setup {
    uint64_t end;   /* the record of its last step, the installation of the filter; UINT64_MAX: none was installed */
    uint32_t lines; /* CONFINE_BIT()s of the lines that the kernel saw drawn */
    bool gap;       /* records of it are missing */
    enum syscall_machine machine;
};

/* The line that this record draws; CONFINE_LINE_COUNT: none. The other lines are not one call's. */
static enum confine_line line_of(const struct witness_record *record, enum syscall_machine machine)
{
    int64_t prctl = impact_number(machine, "prctl"), number = record->syscall;
    if (number == prctl && record->arg[0] == PRCTL_SET_NO_NEW_PRIVS && record->arg[1] == 1)
        return CONFINE_NO_NEW_PRIVS;
    if (number == prctl && record->arg[0] == PRCTL_SET_DUMPABLE && record->arg[1] == 0)
        return CONFINE_UNDUMPABLE;
    if (number == impact_number(machine, "landlock_restrict_self"))
        return CONFINE_LANDLOCK;
    if ((number == impact_number(machine, "seccomp") && record->arg[0] == SECCOMP_SET_FILTER) ||
        (number == prctl && record->arg[0] == PRCTL_SET_SECCOMP && record->arg[1] == SECCOMP_FILTER_MODE))
        return CONFINE_SECCOMP;
    return CONFINE_LINE_COUNT;
}

static void take_record(struct setup *setup, const struct witness_record *record, uint32_t guest_pid)
{
    if (record->role != WITNESS_GUEST || record->tid != guest_pid)
        return;
    setup->gap |= record->kind == WITNESS_LOST;
    if (record->kind != WITNESS_SYSCALL || record->result != 0 || record->flags & WITNESS_FLAG_COMPAT)
        return;
    enum confine_line line = line_of(record, setup->machine);
    if (line < CONFINE_LINE_COUNT)
        setup->lines |= UINT32_C(1) << line;
    if (line == CONFINE_SECCOMP)
        setup->end = record->number;
}

/* Reads ahead for the end of the setup, with a reader of its own of the same open file. */
static enum status find_setup(const struct witness_reader *opened, enum syscall_machine machine, struct setup *ret,
                              struct error *error)
{
    struct witness_reader *reader = NULL;
    struct witness_record *record = malloc(sizeof *record);
    enum status s = record ? witness_reader_again(opened, &reader, error)
                           : error_set(error, STATUS_NO_MEMORY, "no memory for a witness record");
    uint32_t pid = s == STATUS_OK ? witness_reader_info(reader)->guest_pid : 0;
    *ret = (struct setup) { .end = UINT64_MAX, .machine = machine };
    while (s == STATUS_OK && ret->end == UINT64_MAX) {
        struct error why = ERROR_INIT;
        s = witness_reader_next(reader, record, &why);
        if (s == STATUS_OK)
            take_record(ret, record, pid);
        else if (s == STATUS_NO_MEMORY || s == STATUS_IO)
            error_copy(error, s, &why);
        else /* a file without its end shows what was drawn, and never what was not */
            ret->gap |= s != STATUS_NOT_FOUND || witness_reader_stop(reader, NULL, NULL) != STATUS_OK;
    }
    witness_reader_close(reader);
    free(record);
    /* Where it ends, well or not, is the audit's matter. */
    return s == STATUS_NO_MEMORY || s == STATUS_IO ? s : STATUS_OK;
}

/* Holds the lines that the description calls drawn against those that the kernel saw drawn. */
static void compare_lines(const struct run_spec *spec, const struct setup *setup, struct store *store,
                          struct check_report *report)
{
    static const uint32_t compared =
        CONFINE_BIT(NO_NEW_PRIVS) | CONFINE_BIT(UNDUMPABLE) | CONFINE_BIT(LANDLOCK) | CONFINE_BIT(SECCOMP);
    for (unsigned line = 0; line < CONFINE_LINE_COUNT && !setup->gap; line++) {
        bool said = spec->facts.line_held[line] == CONFINE_ON || spec->facts.line_held[line] == CONFINE_PART;
        bool seen = setup->lines >> line & 1;
        if (!(compared >> line & 1) || said == seen)
            continue;
        struct buffer text = BUFFER_INIT;
        char evidence[CHECK_EVIDENCE_MAX];
        buffer_printf(&text, "%s: the description says %s, and the kernel saw it %sdrawn",
                      confine_line_name((enum confine_line)line),
                      confine_state_name((enum confine_state)spec->facts.line_held[line]), seen ? "" : "not ");
        text_copy(&text, evidence, sizeof evidence);
        buffer_done(&text);
        findings_add(report, store, CHECK_FINDING_CONFINE_CONTRADICTED, NULL, NULL, -1, evidence);
    }
}

/* No file is there. */
static void report_absence(const struct run_spec *spec, struct store *store, struct check_report *report)
{
    if (spec->facts.witness_held) {
        findings_add(
            report, store, CHECK_FINDING_WITNESS_MISSING, NULL, NULL, -1,
            "a witness watched this run from before its guest started, and there is no witness file beside the trace");
        return;
    }
    struct buffer text = BUFFER_INIT;
    char evidence[CHECK_EVIDENCE_MAX];
    const char *why = spec->facts.witness_reason;
    buffer_string(&text, "no witness watched this run");
    if (why && why[0]) {
        buffer_string(&text, ": ");
        text_guard(&text, why, strlen(why));
    }
    text_copy(&text, evidence, sizeof evidence);
    buffer_done(&text);
    findings_add(report, store, CHECK_FINDING_UNWITNESSED_RUN, NULL, NULL, -1, evidence);
}

/* Whether both files were told the same of the run: its facts, and the hash of all of its description. */
static enum status compare_facts(const struct witness_reader *reader, const struct run_spec *spec, bool *ret_same,
                                 struct error *error)
{
    struct buffer facts = BUFFER_INIT;
    size_t size;
    const void *told = witness_reader_facts(reader, &size);
    struct buffer description = BUFFER_INIT;
    uint8_t hash[TRACE_HASH];
    run_spec_encode_facts(spec, &facts);
    run_spec_encode(spec, &description);
    crypto_generichash(hash, sizeof hash, description.data, description.size, NULL, 0);
    buffer_bytes(&facts, hash, sizeof hash);
    enum status s = description.status != STATUS_OK ? description.status : facts.status;
    buffer_done(&description);
    *ret_same = s == STATUS_OK && size == facts.size && memcmp(told, facts.data, size) == 0;
    buffer_done(&facts);
    return s == STATUS_OK ? s : error_set(error, s, "no memory for the facts of the run");
}

/* Whether the open file is that of this run. */
static bool belongs(const struct witness_reader *reader, const struct run_spec *spec, const uint8_t *run_id,
                    bool same_facts, struct store *store, struct check_report *report)
{
    const char *evidence = NULL;
    if (memcmp(witness_reader_info(reader)->run_id, run_id, TRACE_RUN_ID) != 0)
        evidence = "the two files carry different run ids";
    else if (!spec->facts.witness_held)
        evidence = "the trace's description says that no witness watched this run";
    else if (!same_facts)
        evidence = "the witness file's header and the trace's description say different things of machine, settings, "
                   "policy or confinement";
    if (evidence)
        findings_add(report, store, CHECK_FINDING_FOREIGN, NULL, NULL, -1, evidence);
    return !evidence;
}

/* A record's numbers mean nothing without the table of the machine that was recorded. */
static enum status machine_known(const struct run_facts *facts, enum syscall_machine machine, struct error *error)
{
    if (machine < SYSCALL_MACHINE_COUNT && facts->os && !strcmp(facts->os, "Linux"))
        return STATUS_OK;
    return error_set(
        error, STATUS_UNSUPPORTED,
        "the witness watched %s on %s, and this version knows the system calls of Linux on x86_64 and aarch64",
        facts->os && facts->os[0] ? facts->os : "an unnamed system",
        facts->arch && facts->arch[0] ? facts->arch : "an unnamed machine");
}

enum status witness_find(const struct check_options *options, const struct run_spec *spec, const uint8_t *run_id,
                         struct store *store, struct check_report *report, struct witness_found *ret,
                         struct error *error)
{
    char path[sizeof report->witness_path];
    struct error why = ERROR_INIT;
    bool named = options->witness_path != NULL;
    *ret = (struct witness_found) { NULL, UINT64_MAX };
    if (named)
        snprintf(path, sizeof path, "%s", options->witness_path);
    else
        path_beside(options->trace_path, path, sizeof path);
    if (!named && !file_exists(path)) {
        report_absence(spec, store, report);
        return STATUS_OK;
    }
    struct witness_reader *reader = NULL;
    enum status s = witness_reader_open(path, &reader, &why);
    if (s != STATUS_OK && (named || s == STATUS_NO_MEMORY || s == STATUS_IO))
        return error_copy(error, s, &why);
    if (s != STATUS_OK) {
        findings_add(report, store, CHECK_FINDING_WITNESS_STOP, NULL, NULL, -1,
                     why.text[0] ? why.text : status_text(s));
        return STATUS_OK;
    }
    memcpy(report->witness_path, path, sizeof path);
    bool same;
    s = compare_facts(reader, spec, &same, error);
    bool ours = s == STATUS_OK && belongs(reader, spec, run_id, same, store, report);
    if (ours)
        s = machine_known(&spec->facts, report->machine, error);
    if (!ours || s != STATUS_OK) {
        witness_reader_close(reader);
        return s;
    }
    report->witnessed = true;
    ret->reader = reader;
    struct setup setup;
    s = find_setup(reader, report->machine, &setup, error);
    ret->setup_until = setup.end;
    if (s == STATUS_OK)
        compare_lines(spec, &setup, store, report);
    return s;
}
