/* Stands in where the build leaves policy files out, or found no libcyaml: they are not read, and that is said. */
#include "wasi/policy/policy.h"

const char *policy_files_left_out(void) { return "this warrant was built without policy files: " POLICY_FILES_ABSENT; }

enum status policy_parse_yaml(const char *text, size_t size, const char *name, struct policy *ret, struct error *error)
{
    (void)text, (void)size;
    policy_init(ret);
    return error_set(error, STATUS_UNSUPPORTED, "%s: %s; use --dir and the options", name, policy_files_left_out());
}
