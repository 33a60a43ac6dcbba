/* A directory's entries by readdir(3), for systems without a public call that fills a buffer with them. Private to
 * wasi/act and its tests. */
#ifndef WARRANT_ACT_DIRECTORY_H
#define WARRANT_ACT_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

/* Fills `to` with portable entries (struct dirent_head) from the `from`-th on, as many as `size` bytes hold whole; the
 * cookie of an entry is the number of the one behind it. directory: takes; open for reading, at its start. Returns
 * their bytes, 0 behind the last; -1 and errno: EINVAL where not even one fits. *ret_next: where to go on. */
long act_directory_read(int directory, uint64_t from, uint8_t *to, size_t size, uint64_t *ret_next);

#endif
