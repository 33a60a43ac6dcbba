/* What a guest begins with: its descriptor table as granted, and the facts that decisions rest on.
 *
 * Invariants: no grant, no descriptor; a directory granted for reading holds no right that changes anything, nor do the
 * descriptors opened beneath it. Standard streams are streams even where they are files, because their position belongs
 * to whoever started us too. Left out on purpose: opening anything; the launcher has done it (start.h). Design:
 * docs/policy.md on what is granted. */
#include <string.h>

#include "wasi/wasi_inner.h"

enum { STDIO_COUNT = 3 };

#define SOCKET_RIGHTS (R(SOCK_SHUTDOWN) | R(SOCK_ACCEPT))
/* What has no meaning on a directory, though files beneath it may have it. */
#define FILE_RIGHTS                                                                                                    \
    (R(FD_READ) | R(FD_WRITE) | R(FD_SEEK) | R(FD_TELL) | R(FD_ADVISE) | R(FD_ALLOCATE) | R(FD_FILESTAT_SET_SIZE))
/* Of a connection. The socket that listens for them has what one that the guest opened has, for libraries wait for a
 * socket to be written too, whatever it is; that it is joined to nobody its state says. */
#define CONNECTION_RIGHTS (STREAM_RIGHTS | R(FD_READ) | R(FD_WRITE) | R(SOCK_SHUTDOWN))
#define LISTEN_RIGHTS     NET_RIGHTS
#define STREAM_RIGHTS     (R(FD_FDSTAT_SET_FLAGS) | R(FD_FILESTAT_GET) | R(POLL_FD_READWRITE))

/* Bytes of the strings with their NULs. */
static enum status strings_bytes(const char *const *strings, uint32_t count, const char *what, uint32_t *ret,
                                 struct error *error)
{
    uint64_t bytes = 0;
    if (count > LIMIT_ARGS)
        return error_set(error, STATUS_LIMIT, "%u %s are given, at most %d can be", count, what, LIMIT_ARGS);
    for (uint32_t i = 0; i < count; i++)
        bytes += strlen(strings[i]) + 1;
    if (bytes > LIMIT_ARGS_BYTES)
        return error_set(error, STATUS_LIMIT, "the %s take %llu bytes, at most %d can be given", what,
                         (unsigned long long)bytes, LIMIT_ARGS_BYTES);
    *ret = (uint32_t)bytes;
    return STATUS_OK;
}

static enum status table_init(const struct wasi_config *config, struct handle_table *table, struct error *error)
{
    if (config->preopen_count > LIMIT_PREOPENS)
        return error_set(error, STATUS_LIMIT, "%u directories are granted, at most %d can be", config->preopen_count,
                         LIMIT_PREOPENS);
    const uint32_t sockets = STDIO_COUNT + config->preopen_count, first_free = sockets + config->listen_count;
    if (config->descriptor_limit > LIMIT_HANDLES || config->descriptor_limit < first_free)
        return error_set(error, STATUS_LIMIT, "the limit of %u descriptors is outside %u to %d: raise or lower it",
                         config->descriptor_limit, first_free, LIMIT_HANDLES);
    table->limit = config->descriptor_limit;
    for (uint32_t i = 0; i < STDIO_COUNT; i++) {
        const struct filestat *stat = &config->stdio[i];
        uint64_t rights = STREAM_RIGHTS | (i == 0 ? R(FD_READ) : R(FD_WRITE) | R(FD_SYNC) | R(FD_DATASYNC));
        uint8_t type = stat->filetype == FILETYPE_REGULAR_FILE ? FILETYPE_UNKNOWN : (uint8_t)stat->filetype;
        table->handle[i] =
            (struct handle) { .rights = rights, .dev = stat->dev, .ino = stat->ino, .type = type, .live = true };
    }
    for (uint32_t i = 0; i < config->preopen_count; i++) {
        const struct wasi_preopen *preopen = &config->preopens[i];
        size_t length = strlen(preopen->guest_path);
        uint64_t rights = (preopen->writes ? RIGHTS_ALL : rights_read) & ~SOCKET_RIGHTS;
        if (length > LIMIT_PATH)
            return error_set(error, STATUS_LIMIT, "a granted directory's name has %zu bytes, at most %d can be", length,
                             LIMIT_PATH);
        table->handle[STDIO_COUNT + i] = (struct handle) { .rights = rights & ~FILE_RIGHTS,
                                                           .inheriting = rights,
                                                           .dev = preopen->stat.dev,
                                                           .ino = preopen->stat.ino,
                                                           .name_length = (uint32_t)length,
                                                           .name = (uint16_t)i,
                                                           .type = FILETYPE_DIRECTORY,
                                                           .live = true,
                                                           .preopen = true,
                                                           .doubtful = preopen->doubtful };
    }
    for (uint32_t i = 0; i < config->listen_count; i++) /* no preopen: a libc ends its search for directories there */
        table->handle[sockets + i] = (struct handle) { .rights = LISTEN_RIGHTS,
                                                       .inheriting = CONNECTION_RIGHTS,
                                                       .dev = config->listens[i].stat.dev,
                                                       .ino = config->listens[i].stat.ino,
                                                       .type = FILETYPE_SOCKET_STREAM,
                                                       .net_family = config->listens[i].address.family,
                                                       .net_state = NET_STATE_LISTENING,
                                                       .live = true };
    return STATUS_OK;
}

/* What the rules of the network and the names are to the core. */
static enum status network_init(const struct wasi_config *config, struct decide_context *context, struct error *error)
{
    if (config->network_count > LIMIT_NETWORK_RULES || config->name_count > LIMIT_NAMES)
        return error_set(error, STATUS_LIMIT,
                         "%u rules of the network and %u names are given, at most %d and %d can be",
                         config->network_count, config->name_count, LIMIT_NETWORK_RULES, LIMIT_NAMES);
    for (uint32_t i = 0; i < config->network_count; i++)
        context->network[i] = config->networks[i];
    context->network_count = config->network_count;
    for (uint32_t i = 0; i < config->name_count; i++) {
        size_t length = strlen(config->names[i]);
        if (length == 0 || length > LIMIT_NAME)
            return error_set(error, STATUS_LIMIT, "a name has %zu bytes, not 1 to %d", length, LIMIT_NAME);
        context->name[i].length = (uint16_t)length;
        memcpy(context->name[i].bytes, config->names[i], length);
    }
    context->name_count = config->name_count;
    return STATUS_OK;
}

enum status wasi_world_init(const struct wasi_config *config, struct decide_context *context,
                            struct handle_table *table, struct error *error)
{
    context->arg_count = config->arg_count;
    context->env_count = config->env_count;
    context->elements = config->element_limit ? config->element_limit : LIMIT_IOVECS;
    context->transfer = config->transfer_limit ? config->transfer_limit : LIMIT_TRANSFER;
    for (uint32_t i = 0; i < config->device_count && i < LIMIT_DEVICES; i++)
        context->device[context->device_count++] =
            (struct device_node) { config->devices[i].dev, config->devices[i].ino };
    enum status status = strings_bytes(config->args, config->arg_count, "arguments", &context->arg_bytes, error);
    if (status == STATUS_OK)
        status = strings_bytes(config->env, config->env_count, "environment variables", &context->env_bytes, error);
    if (status == STATUS_OK)
        status = table_init(config, table, error);
    if (status == STATUS_OK)
        status = network_init(config, context, error);
    return status;
}
