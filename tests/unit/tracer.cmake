# The trace: container, events, ring, recorder, reader. `white`: looks inside tracer/.
warrant_test(test_trace_run test_trace_run.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_container test_trace_white_container.c trace_white_forge.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_events test_trace_white_events.c trace_white_forge.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_ring test_trace_white_ring.c trace_kit.c LINK wr_trace)
