/* What a replay counts, from the replayer's word to the files that were asked for.
 *
 * Invariants: nothing is written before all of it is known; a replay that fails leaves the files as they were. */
#include "cli/replay_profile.h"

#include "cli/check_place.h"
#include "cli/crash_process.h"
#include "cli/file_write.h"
#include "replay/coverage.h"

static bool on_counted(void *self, const void *bytes, size_t size)
{
    struct buffer *told = self;
    if (told->size + size > LIMIT_PROFILE_BYTES)
        return false;
    buffer_bytes(told, bytes, size);
    return told->status == STATUS_OK;
}

bool replay_profile_asked(const struct replay_profile *profile)
{
    return profile->speedscope || profile->chrome || profile->coverage;
}

enum status replay_profile_begin(struct replay_profile *profile, struct replay_options *options, struct error *error)
{
    char *const trace = (char *)options->trace_path;
    const char *const paths[] = { profile->speedscope, profile->chrome, profile->coverage };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        enum status status = paths[i] ? check_place("the profile", paths[i], &trace, 1, error) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
    }
    options->counted = on_counted;
    options->counted_self = &profile->told;
    return STATUS_OK;
}

typedef void form_fn(const struct profile *profile, const char *title, struct buffer *out);

static enum status form_write(const struct profile *profile, form_fn *form, const char *title, const char *path,
                              struct error *error)
{
    struct buffer out = BUFFER_INIT;
    form(profile, title, &out);
    enum status status = out.status == STATUS_OK ? file_write(path, &out, error)
                                                 : error_set(error, out.status, "no memory for %s", path);
    buffer_done(&out);
    return status;
}

/* Lines that cannot be had leave the functions; that, and what is left out, is said. */
static enum status coverage_write(const struct command *command, const struct profile *profile,
                                  const struct replay_options *options, const char *path, struct error *error)
{
    struct buffer told = BUFFER_INIT, out = BUFFER_INIT;
    struct coverage_lines lines = { .row_count = 0 };
    struct error why = ERROR_INIT;
    uint32_t left = 0;
    enum status found = crash_lines_look(options->trace_path, options->module_path, &told, &why);
    if (found == STATUS_OK)
        found = coverage_lines_read(told.data, told.size, &lines, &why);
    if (found == STATUS_OK && lines.row_count == 0)
        found = error_set(&why, STATUS_NOT_FOUND, "no source lines: the module has no debug information");
    enum status status = coverage_lcov(profile, &lines, "functions", &out, &left, error);
    if (status == STATUS_OK)
        status = file_write(path, &out, error);
    if (status == STATUS_OK && found != STATUS_OK)
        print_err("warrant %s: %s; %s has the calls of each function\n", command->name, why.text, path);
    else if (status == STATUS_OK && left > 0)
        print_err("warrant %s: %u functions without source lines are not in %s\n", command->name, left, path);
    coverage_lines_done(&lines);
    buffer_done(&told);
    buffer_done(&out);
    return status;
}

enum status replay_profile_end(const struct command *command, struct replay_profile *profile,
                               const struct replay_options *options, struct error *error)
{
    struct profile counted;
    if (profile->told.size == 0)
        return error_set(error, STATUS_NOT_FOUND, "%s: nothing was executed that could be counted",
                         options->trace_path);
    enum status status = profile_read(profile->told.data, profile->told.size, &counted, error);
    if (status != STATUS_OK)
        return status;
    if (profile->speedscope)
        status = form_write(&counted, profile_speedscope, options->trace_path, profile->speedscope, error);
    if (status == STATUS_OK && profile->chrome)
        status = form_write(&counted, profile_chrome, options->trace_path, profile->chrome, error);
    if (status == STATUS_OK && profile->coverage)
        status = coverage_write(command, &counted, options, profile->coverage, error);
    profile_done(&counted);
    return status;
}

void replay_profile_done(struct replay_profile *profile) { buffer_done(&profile->told); }
