# The engine's own tests; its behaviour instruction by instruction is the specification suite's matter (tests/spec).
warrant_test(test_rt_counts test_rt_counts.c rt_build.c LINK wr_runtime wr_base)
warrant_test(test_rt_later test_rt_later.c rt_build.c LINK wr_runtime wr_base)
warrant_test(test_rt_modules test_rt_modules.c rt_build.c LINK wr_runtime wr_base)
warrant_test(test_rt_white_types test_rt_white_types.c rt_build.c LINK wr_runtime wr_base)
warrant_test(test_rt_traps test_rt_traps.c rt_build.c LINK wr_runtime wr_base)
warrant_test(test_rt_stack test_rt_stack.c rt_build.c LINK wr_runtime wr_base)
