/* Stands in where the build found no libcyaml: policy files are not read, and that is said. */
#include "wasi/policy/policy.h"

enum status policy_parse_yaml(const char *text, size_t size, const char *name, struct policy *ret, struct error *error)
{
    (void)text, (void)size;
    policy_init(ret);
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: this warrant was built without libcyaml and reads no policy files; use --dir and the options",
                     name);
}
