/* `warrant keygen`: a pair of keys for signing traces. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/file_make.h"
#include "cli/file_write.h"
#include "tracer/signature.h"

/* One of the two files. Nothing that was there is touched. */
struct half {
    char path[4096];
    struct file_made made;
    int fd;
};

static enum status half_make(struct half *half, int folder, const char *name, const struct buffer *text,
                             struct error *error)
{
    enum status s = text->status != STATUS_OK
                        ? error_set(error, text->status, "out of memory")
                        : file_make(folder, name, half->path, false, &half->made, &half->fd, error);
    if (s != STATUS_OK)
        return s;
    s = file_write_bytes(half->fd, text->data, text->size, half->path, error);
    if (s == STATUS_OK && fsync(half->fd) < 0)
        s = error_set_errno(error, STATUS_IO, errno, "cannot write %s", half->path);
    return s;
}

static void half_done(struct half *half, bool keep)
{
    if (half->fd >= 0)
        close(half->fd);
    if (keep)
        file_keep(&half->made);
    else if (!file_drop(&half->made))
        print_err("warrant keygen: %s is left and cannot be removed; remove it yourself\n", half->path);
}

static enum status keygen(const char *path, uint8_t *ret_public, char *ret_path, struct error *error)
{
    char folder_path[4096], name[FILE_NAME_BYTES], other[FILE_NAME_BYTES + 8];
    struct half secret = { .made = FILE_MADE_NONE, .fd = -1 }, public = secret;
    struct buffer text = BUFFER_INIT, public_text = BUFFER_INIT;
    struct trace_key key;
    enum status s = file_path_split(path, folder_path, sizeof folder_path, name, error);
    if (s != STATUS_OK)
        return s;
    if (snprintf(other, sizeof other, "%s.pub", name) >= FILE_NAME_BYTES ||
        snprintf(public.path, sizeof public.path, "%s.pub", path) >= (int)sizeof public.path)
        return error_set(error, STATUS_LIMIT, "the name %s is too long", path);
    snprintf(secret.path, sizeof secret.path, "%s", path);
    int folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot open the folder %s", folder_path);
    if (sodium_init() < 0) {
        close(folder);
        return error_set(error, STATUS_INTERNAL, "libsodium cannot start");
    }
    trace_key_make(&key);
    trace_key_secret_text(&key, &text);
    trace_key_public_text(key.public, &public_text);
    s = half_make(&secret, folder, name, &text, error);
    if (s == STATUS_OK)
        s = half_make(&public, folder, other, &public_text, error);
    half_done(&public, s == STATUS_OK);
    half_done(&secret, s == STATUS_OK);
    memcpy(ret_public, key.public, TRACE_KEY);
    memcpy(ret_path, public.path, sizeof public.path);
    trace_key_done(&key);
    if (text.data)
        sodium_memzero(text.data, text.size);
    buffer_done(&text);
    buffer_done(&public_text);
    close(folder);
    return s;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct error error = ERROR_INIT;
    const char *value, *path;
    char public_path[4096], name[TRACE_KEY_NAME];
    uint8_t public[TRACE_KEY];
    int status = options_operand(command, &state, options_next(command, &state, &value), "one file", &path);
    if (status >= 0)
        return status;
    if (keygen(path, public, public_path, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    trace_key_name(public, name);
    print_out("%s  %s\n", name, public_path);
    return EXIT_OK;
}

const struct command command_keygen = {
    .name = "keygen",
    .arguments = "FILE",
    .summary = "Make a pair of keys to sign traces with.",
    .text =
        "Writes a new private key (Ed25519) to FILE, for its owner alone, and the public one to FILE.pub; neither may "
        "be there. Prints what the key is called, the SHA-256 of the public key as openssl writes it in DER. "
        "`warrant record --sign` and `--sign-witness` take the private key, each one of its own; "
        "`warrant check --trust` takes the public one. Keep a private key outside of everything that a guest is "
        "granted: a run that could reach it is refused.",
    .run = run,
};
