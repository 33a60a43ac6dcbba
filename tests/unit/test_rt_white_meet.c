/* Engine opcodes and ops in one file: no name of one table is a name of the other. (White box: the engine's table.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/opcodes.h"
#include "runtime/prepared.h"
#include "wasi/abi/abi.h"

/* That this file compiles is the test; the two rows show that each name means its own table's. */
static void each_name_is_of_its_own_table(void **state)
{
    (void)state;
    assert_string_equal(insn_infos[INSN_NOP].text, "nop");
    assert_string_equal(abi_ops[OP_CLOSE].text, "close");
    assert_int_not_equal((int)INSN_COUNT, (int)OP_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_name_is_of_its_own_table) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
