/* The text of paths.
 *
 * Only what can be told from the text alone is told here: relative, not empty, no NUL, where the last component
 * starts. Interior ".." and symbolic links are the kernel's, which resolves beneath the handle (openat2,
 * RESOLVE_BENEATH). Bytes need not be UTF-8. */
#include "wasi/decide/decide_inner.h"

/* Whether `byte` is among the bytes [start, end) of the request. To the end, wherever it is found: then compilers look at many at
 * once. */
/*@ requires \valid_read(request) && start <= end <= REQUEST_BYTES;
  @ assigns \nothing;
  @ ensures exact: \result == 0 <==> (\forall integer k; start <= k < end ==> request->bytes[k] != byte);
*/
static bool has_byte(const struct request *request, uint32_t start, uint32_t end, uint8_t byte)
{
    bool found = false;
    /*@ loop invariant start <= i <= end;
      @ loop invariant found: found == 0 <==> (\forall integer k; start <= k < i ==> request->bytes[k] != byte);
      @ loop assigns i, found;
      @ loop variant end - i;
    */
    for (uint32_t i = start; i < end; i++)
        if (request->bytes[i] == byte)
            found = true;
    return found;
}

enum rule decide_path_rule(const struct request *request, uint32_t index)
{
    if (index >= REQUEST_STRINGS || index >= request->string_count)
        return RULE_BAD_VALUE;
    uint32_t offset = request->string[index].offset;
    uint32_t length = request->string[index].length;
    if (length == 0)
        return RULE_PATH_EMPTY;
    if (length > LIMIT_PATH || offset > REQUEST_BYTES - length)
        return RULE_PATH_LONG;
    if (request->bytes[offset] == '/')
        return RULE_PATH_ABSOLUTE;
    if (has_byte(request, offset, offset + length, 0))
        return RULE_PATH_NUL;
    return RULE_NONE;
}

/* The end of [start, end) without the slashes at its end; `start` itself has none. */
/*@ requires \valid_read(request) && start < end <= REQUEST_BYTES && request->bytes[start] != '/';
  @ assigns \nothing;
  @ ensures end: start < \result <= end && request->bytes[\result - 1] != '/';
*/
static uint32_t strip_slashes(const struct request *request, uint32_t start, uint32_t end)
{
    /*@ loop invariant start < end <= \at(end, Pre);
      @ loop assigns end;
      @ loop variant end;
    */
    while (end > start + 1 && request->bytes[end - 1] == '/')
        end--;
    return end;
}

/* Where the last component of [start, end) starts; the byte before `end` is no slash. */
/*@ requires \valid_read(request) && start < end <= REQUEST_BYTES && request->bytes[end - 1] != '/';
  @ assigns \nothing;
  @ ensures last: start <= \result < end && (\forall integer k; \result <= k < end ==> request->bytes[k] != '/');
*/
static uint32_t last_start(const struct request *request, uint32_t start, uint32_t end)
{
    uint32_t at = end - 1;
    if (!has_byte(request, start, end, '/'))
        return start;
    /*@ loop invariant start <= at < end;
      @ loop invariant component: \forall integer k; at <= k < end ==> request->bytes[k] != '/';
      @ loop assigns at;
      @ loop variant at;
    */
    while (at > start && request->bytes[at - 1] != '/')
        at--;
    return at;
}

/*@ requires \valid_read(request) && start < end <= REQUEST_BYTES;
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> (end - start == 1 && request->bytes[start] == '.') ||
  @   (end - start == 2 && request->bytes[start] == '.' && request->bytes[start + 1] == '.');
*/
static bool is_dots(const struct request *request, uint32_t start, uint32_t end)
{
    if (end - start == 1)
        return request->bytes[start] == '.';
    return end - start == 2 && request->bytes[start] == '.' && request->bytes[start + 1] == '.';
}

struct path_split decide_path_split(const struct request *request, uint32_t index)
{
    uint32_t start = request->string[index].offset;
    uint32_t whole = start + request->string[index].length;
    uint32_t end = strip_slashes(request, start, whole);
    uint32_t last = last_start(request, start, end);
    struct path_split split;
    split.trailing = end < whole;
    split.dots = is_dots(request, last, end);
    split.last.offset = last;
    split.last.length = end - last;
    split.parent.offset = start;
    split.parent.length = last > start ? strip_slashes(request, start, last) - start : 0;
    return split;
}
