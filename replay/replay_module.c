/* Which module is executed: the trace's own, or one that the caller gives as bytes, as an open file or by its name.
 *
 * Invariant: whether it is the recorded one is said by its bytes, where the trace holds them. */
#include "replay/session.h"

#include <string.h>

/* The bytes to execute where they are not the trace's own: the caller's, or a file's that the caller named. */
static enum status module_given(const struct replay_options *options, struct buffer *ret, struct error *error)
{
    if (options->module) {
        buffer_bytes(ret, options->module, options->module_size);
        return ret->status == STATUS_OK ? STATUS_OK : error_set(error, ret->status, "not enough memory for the module");
    }
    if (!options->files)
        return file_read_all(options->module_path, LIMIT_MODULE_BYTES, ret, error);
    if (options->files->module_size > LIMIT_MODULE_BYTES)
        return error_set(error, STATUS_LIMIT, "the module given has more than %d bytes", LIMIT_MODULE_BYTES);
    return file_read_fd(options->files->module, options->files->module_size, ret, error);
}

enum status session_bytes(struct session *session, const struct run_spec *spec, struct buffer *module,
                          struct error *error)
{
    const struct replay_options *options = session->options;
    bool given = options->module || (options->files ? options->files->module >= 0 : options->module_path != NULL);
    struct buffer own = BUFFER_INIT;
    uint64_t own_size = 0;
    bool has_own = trace_reader_has_module(session->reader, &own_size);
    enum status status = STATUS_OK;
    if (!given && !has_own)
        return error_set(error, STATUS_NOT_FOUND, "the trace holds no module: name the file to execute");
    if (given)
        status = module_given(options, module, error);
    session->report->other_module = given && module->size != (has_own ? own_size : spec->module_size);
    /* Of equal length: the bytes decide. */
    if (status == STATUS_OK && has_own && !session->report->other_module)
        status = trace_reader_module(session->reader, given ? &own : module, error);
    if (status == STATUS_OK && given && own.size > 0)
        session->report->other_module = memcmp(own.data, module->data, own.size) != 0;
    buffer_done(&own);
    return status;
}
