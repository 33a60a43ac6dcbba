/* What it costs to load a module and to prepare all its functions, per byte: the median of several rounds. Also how
 * much memory the prepared functions take. usage: load_cost MODULE [ROUNDS]. White-box: prepares without calling. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/base.h"
#include "runtime/prepare_function.h"
#include "runtime/validate.h"

enum { ROUNDS_MAX = 1001 };

struct sample {
    double load, prepare; /* ns */
    uint64_t body_bytes, prepared_bytes;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* what others do on this machine does not count */
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static enum rt_trap_kind nothing(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    (void)env, (void)instance, (void)memory, (void)slots;
    return RT_TRAP_HOST_FAILED;
}

/* An instance whose imported functions fail. */
static enum status open(const struct rt_module *m, struct rt_instance **ret, struct error *error)
{
    uint32_t count = rt_module_import_count(m);
    struct rt_import *imports = calloc(count + (size_t)1, sizeof *imports);
    if (!imports)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the imports");
    for (uint32_t i = 0; i < count; i++) {
        struct rt_import_info info = rt_module_import(m, i);
        imports[i] =
            (struct rt_import) { .module = info.module, .name = info.name, .type = info.type, .function = nothing };
    }
    enum status status = rt_instance_create(m, imports, count, NULL, ret, error);
    free(imports);
    return status;
}

static enum status prepare_all(struct rt_instance *i, struct sample *s, struct error *error)
{
    const struct rt_module *m = i->module;
    double start = now();
    for (uint32_t f = m->imported_functions; f < m->function_count; f++) {
        if (prepare_function(i, &i->vm.functions[f]) != RT_TRAP_NONE)
            return error_set(error, STATUS_INTERNAL, "function %u cannot be prepared", f);
        s->body_bytes += m->functions[f].body_size;
        s->prepared_bytes += (uint64_t)i->preparer->out.count * sizeof *i->preparer->out.code;
    }
    s->prepare = now() - start;
    return STATUS_OK;
}

static enum status measure(const struct buffer *bytes, struct sample *s, struct error *error)
{
    struct rt_module *m = NULL;
    struct rt_instance *i = NULL;
    *s = (struct sample) { 0 };
    double start = now();
    enum status status = rt_module_load(bytes->data, bytes->size, NULL, &m, error);
    s->load = now() - start;
    if (status == STATUS_OK)
        status = open(m, &i, error);
    if (status == STATUS_OK)
        status = prepare_all(i, s, error);
    rt_instance_free(i);
    rt_module_free(m);
    return status;
}

static int by_load(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return (x->load > y->load) - (x->load < y->load);
}
static int by_prepare(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return (x->prepare > y->prepare) - (x->prepare < y->prepare);
}

int main(int argc, char **argv)
{
    static struct sample samples[ROUNDS_MAX];
    struct error error = ERROR_INIT;
    struct buffer bytes = BUFFER_INIT;
    size_t rounds = argc == 3 ? (size_t)strtoul(argv[2], NULL, 10) : 11;
    if (argc < 2 || argc > 3 || rounds == 0 || rounds > ROUNDS_MAX) {
        fputs("usage: load_cost MODULE [ROUNDS]\n", stderr);
        return 2;
    }
    enum status status = file_read_all(argv[1], LIMIT_MODULE_BYTES, &bytes, &error);
    for (size_t i = 0; i < rounds && status == STATUS_OK; i++)
        status = measure(&bytes, &samples[i], &error);
    if (status != STATUS_OK) {
        fprintf(stderr, "load_cost: %s\n", error.text);
        return 1;
    }
    double code = samples[0].body_bytes ? (double)samples[0].body_bytes : 1;
    qsort(samples, rounds, sizeof *samples, by_load);
    double load = samples[rounds / 2].load / (double)bytes.size;
    qsort(samples, rounds, sizeof *samples, by_prepare);
    printf(
        "%s: %zu bytes, %.0f of them function bodies: load %.2f ns/byte, prepare %.2f ns/byte of bodies, %.2f prepared "
        "bytes/byte\n",
        argv[1], bytes.size, code, load, samples[rounds / 2].prepare / code, (double)samples[0].prepared_bytes / code);
    buffer_done(&bytes);
    return 0;
}
