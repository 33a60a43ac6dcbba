/* What the guest's descriptors stand for: the names by which they were granted or opened, kept by following a trace's
 * own results. Private to checker/ and its tests. */
#ifndef WARRANT_CHECKER_SHOW_PATHS_H
#define WARRANT_CHECKER_SHOW_PATHS_H

#include "checker/show.h"

/* A name; not NUL-terminated. NULL: nobody knows it. */
struct show_path {
    const char *text;
    size_t size;
};
struct show_path show_paths_get(const struct show_paths *paths, uint64_t handle); /* paths may be NULL */
/* Replaces the buffer's content by the name of the descriptor that this call, which was not followed yet, opened under
 * that number; as it was, where the call opened none. */
void show_paths_opened(const struct show_paths *paths, const struct trace_call *call, uint64_t handle,
                       struct buffer *out);
/* Appends `name` as seen from the directory: what path_open of it would be called. Components of "." are left out, and
 * ".." stays, because what it leads to depends on the file system. */
void show_paths_join(struct show_path directory, const void *name, size_t size, struct buffer *out);
/* Appends `<name>` in printable ASCII, nothing where it is not known. */
void show_paths_put(struct show_path path, bool full, struct buffer *out);
/* Appends the number and, where it is known, the name: `4</data/x>`. */
void show_paths_descriptor(const struct show_paths *paths, bool full, uint64_t handle, struct buffer *out);
/* Op `index` of a complete call, where its ops are followed one by one. */
void show_paths_follow_op(struct show_paths *paths, const struct trace_call *call, uint32_t index);
/* What the trace's description says of the run; NULL: it cannot be read. */
const struct run_spec *show_paths_spec(const struct show_paths *paths);

#endif
