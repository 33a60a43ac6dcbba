# The trace: container, ring, recorder, reader.
warrant_test(test_trace_run test_trace_run.c trace_kit.c LINK wr_trace)
