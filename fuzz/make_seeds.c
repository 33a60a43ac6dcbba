/* Writes inputs to begin with for the targets whose forms move with the code: fuzz_make_seeds FOLDER GOLDEN
 * makes FOLDER/hostcalls, launch, spec, syscalls and witness, and FOLDER/trace from the traces in GOLDEN. Made at every
 * build, so that they are always of the present form; fuzz/corpus keeps what does not move. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/launch.h"

static const char *top;

static void put(const char *target, const char *name, const void *bytes, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", top, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", top, target, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

/* Sequences of calls (call_grammar.c): any bytes are some. Always the same. */
static void put_calls(const char *target)
{
    enum { SEEDS = 96, SEED_BYTES = 400 };
    uint64_t state = 88172645463325252U;
    for (int i = 0; i < SEEDS; i++) {
        uint8_t bytes[SEED_BYTES];
        char name[16];
        for (size_t k = 0; k < sizeof bytes; k++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes[k] = (uint8_t)(state >> 32);
        }
        bytes[0] = (uint8_t)(i * 11); /* the flags, most with most */
        snprintf(name, sizeof name, "calls%d", i);
        put(target, name, bytes, sizeof bytes);
    }
}

static void must(enum status status)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "a seed cannot be made: %s\n", status_text(status));
        exit(1);
    }
}

static char *owned(const char *text)
{
    char *copy = strdup(text);
    must(copy ? STATUS_OK : STATUS_NO_MEMORY);
    return copy;
}

static char **strings(const char *const *text, uint32_t count)
{
    char **copy = (char **)calloc(count + (size_t)1, sizeof *copy);
    must(copy ? STATUS_OK : STATUS_NO_MEMORY);
    for (uint32_t i = 0; i < count; i++)
        copy[i] = owned(text[i]);
    return copy;
}

static void spec_full(struct run_spec *spec)
{
    must(policy_add_file(&spec->policy, "/srv/data", "/data", true, NULL));
    must(policy_add_file(&spec->policy, "/etc/app", "/etc", false, NULL));
    must(policy_add_network(&spec->policy, NET_TCP, NET_CONNECT, "127.0.0.0/8:80-90", NULL));
    must(policy_add_network(&spec->policy, NET_UDP, NET_BIND, "[2001:db8::]/32:0", NULL));
    must(policy_add_listen(&spec->policy, "tcp:127.0.0.1:8080", NULL));
    must(policy_add_listen(&spec->policy, "tcp:[::1]:0", NULL));
    must(policy_add_name(&spec->policy, "example.org", NULL));
    spec->policy.limits.fuel = 5000000000;
    spec->policy.limits.module_bytes = 1 << 20;
    spec->policy.on_violation = POLICY_VIOLATION_KILL;
    spec->args = strings((const char *const[]) { "app.wasm", "-v", "" }, spec->arg_count = 3);
    spec->env = strings((const char *const[]) { "LANG=C", "EMPTY=" }, spec->env_count = 2);
    spec->module_path = owned("app.wasm");
    spec->module_size = 1234;
    spec->started_ns = UINT64_C(1790000000000000000);
    memset(spec->module_hash, 0xab, sizeof spec->module_hash);
    memset(spec->run_id, 0xcd, sizeof spec->run_id);
    const uint32_t sockets = 3 + spec->policy.file_count;
    spec->initial_count = run_spec_initials(&spec->policy);
    spec->initial = calloc(spec->initial_count, sizeof *spec->initial);
    must(spec->initial ? STATUS_OK : STATUS_NO_MEMORY);
    for (uint32_t i = 0; i < spec->initial_count; i++)
        spec->initial[i] = (struct run_initial) { .dev = 2049,
                                                  .ino = 100 + i,
                                                  .filetype = i < 3         ? 2
                                                              : i < sockets ? 3
                                                                            : 6,
                                                  .host_fd = i < 3 ? i : 7 + i,
                                                  .path = owned(i < 3 || i >= sockets ? "" : "/srv") };
    for (uint32_t i = 0; i < spec->policy.listen_count; i++)
        spec->initial[sockets + i].address = spec->policy.listens[i];
    struct run_facts *facts = &spec->facts;
    facts->kernel = owned("6.1.0");
    facts->witness_reason = owned("not root");
    facts->page_size = 4096;
    facts->lines_asked = CONFINE_ALL;
    memset(facts->line_held, CONFINE_ON, sizeof facts->line_held);
    must(run_spec_add_label(spec, "job=7", NULL));
}

static void specs(const char *name, bool full)
{
    struct run_spec spec;
    struct buffer out = BUFFER_INIT;
    run_spec_init(&spec);
    if (full)
        spec_full(&spec);
    run_spec_encode(&spec, &out);
    must(out.status);
    run_spec_done(&spec);
    must(run_spec_decode(out.data, out.size, &spec, NULL)); /* a seed that is refused at its first byte is none */
    put("spec", name, out.data, out.size);
    struct launch_page *page = calloc(1, sizeof *page + out.size);
    must(page ? STATUS_OK : STATUS_NO_MEMORY);
    page->spec_size = (uint32_t)out.size;
    page->report.magic = LAUNCH_MAGIC;
    page->report.status = STATUS_EXITED;
    snprintf(page->report.text, sizeof page->report.text, "the guest said so");
    memcpy(page->spec, out.data, out.size);
    put("launch", name, page, sizeof *page + out.size);
    free(page);
    buffer_done(&out);
    run_spec_done(&spec);
}

static struct witness_record record_full(void)
{
    static const struct witness_iovec iov[] = { { 1, 10 }, { UINT64_MAX, 20 } };
    struct witness_record r = { .ktime = 123456789012345,
                                .kind = WITNESS_SYSCALL,
                                .role = WITNESS_GUEST,
                                .flags = WITNESS_FLAG_CUT | WITNESS_FLAG_LATE,
                                .pid = 400,
                                .tid = 400,
                                .sequence = 1,
                                .syscall = 437,
                                .arg = { 10, 0, 3, 0x7fffffffffff, 0, 6 },
                                .result = -11,
                                .object = { 2049, 77, 0100644, 0 },
                                .opened = { 1, 2, 040755, 0 },
                                .parts = WITNESS_PARTS_KNOWN,
                                .object2 = { 2049, 78, 040755, 0 },
                                .path = { "a/b", "/data/link" },
                                .path_length = { 3, 10 },
                                .how = { 1, 2, 3 },
                                .iov_count = 2,
                                .iov = iov,
                                .address = { 2, 0, 31 },
                                .address_length = 16,
                                .socket = { WITNESS_FAMILY_V4, 1, 6, 0, 80, 4000, { 127, 0, 0, 1 }, { 10 } },
                                .times = { 1, 0, UINT64_MAX, 4 } };
    return r;
}

/* Behind the letter of its kind, as fuzz_witness.c reads it. */
static void part(struct buffer *out, enum trace_chunk_kind kind, const struct buffer *body)
{
    buffer_u8(out, (uint8_t)kind);
    buffer_u16(out, (uint16_t)body->size);
    buffer_bytes(out, body->data, body->size);
}

static void file_whole(const struct witness_info *info, const struct buffer *records)
{
    static const uint8_t run_id[TRACE_RUN_ID] = { 1 };
    struct buffer description = BUFFER_INIT, end = BUFFER_INIT, bodies = BUFFER_INIT;
    struct trace_file *file = NULL;
    char path[] = "/tmp/warrant-seed-XXXXXX";
    witness_info_encode(info, &description);
    witness_end_encode(info, 2, &end);
    buffer_u8(&bodies, 'b');
    part(&bodies, TRACE_CHUNK_DESCRIPTION, &description);
    part(&bodies, TRACE_CHUNK_EVENTS, records);
    part(&bodies, TRACE_CHUNK_END, &end);
    must(bodies.status);
    put("witness", "bodies", bodies.data, bodies.size);

    int fd = mkstemp(path), copy = fd < 0 ? -1 : dup(fd);
    must(copy < 0 ? STATUS_IO : trace_file_create(copy, TRACE_FILE_WITNESS, run_id, &file, NULL));
    must(trace_file_append(file, TRACE_CHUNK_DESCRIPTION, description.data, description.size, 0, 0, 0, NULL));
    must(trace_file_append(file, TRACE_CHUNK_EVENTS, records->data, records->size, 0, 0, 2, NULL));
    must(trace_file_append(file, TRACE_CHUNK_END, end.data, end.size, 0, 0, 0, NULL));
    trace_file_close(file);
    uint8_t bytes[1 << 14] = { 'c' };
    ssize_t size = pread(fd, bytes + 1, sizeof bytes - 1, 0);
    must(size > 0 ? STATUS_OK : STATUS_IO);
    put("witness", "file", bytes, (size_t)size + 1);
    close(fd);
    unlink(path);
    buffer_done(&description);
    buffer_done(&end);
    buffer_done(&bodies);
}

static void witness(void)
{
    struct witness_info info = { .run_id = { 1 }, .guest_pid = 400, .recorder_pid = 401 };
    struct buffer records = BUFFER_INIT, alone = BUFFER_INIT;
    struct witness_record first = { .kind = WITNESS_EXEC, .role = WITNESS_GUEST, .pid = 400, .tid = 400 };
    struct witness_record second = record_full();
    witness_record_encode(&first, &records);
    witness_record_encode(&second, &records);
    buffer_u8(&alone, 'r');
    buffer_bytes(&alone, records.data, records.size);
    must(alone.status);
    put("witness", "records", alone.data, alone.size);
    file_whole(&info, &records);
    buffer_done(&alone);
    buffer_done(&records);
}

/* The golden traces, as the target takes whole files. */
static void traces(const char *golden)
{
    struct dirent *entry;
    DIR *folder = opendir(golden);
    if (!folder) {
        perror(golden);
        exit(1);
    }
    while ((entry = readdir(folder))) {
        const char *end = strrchr(entry->d_name, '.');
        char path[4096];
        struct buffer bytes = BUFFER_INIT;
        if (!end || strcmp(end, ".wtrace") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", golden, entry->d_name);
        buffer_u8(&bytes, 'c');
        must(file_read_all(path, 1 << 20, &bytes, NULL));
        put("trace", entry->d_name, bytes.data, bytes.size);
        buffer_done(&bytes);
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fuzz_make_seeds FOLDER GOLDEN\n");
        return 2;
    }
    top = argv[1];
    mkdir(top, 0777);
    specs("nothing", false);
    specs("full", true);
    witness();
    traces(argv[2]);
    put_calls("hostcalls");
    put_calls("syscalls");
    return 0;
}
