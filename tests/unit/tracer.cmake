# The trace: container, events, ring, recorder, reader. `white`: looks inside tracer/.
warrant_test(test_trace_run test_trace_run.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_sync test_trace_sync.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_container test_trace_white_container.c trace_white_forge.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_signature test_trace_white_signature.c trace_white_forge.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_events test_trace_white_events.c trace_white_forge.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_seek test_trace_white_seek.c trace_white_forge.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_ring test_trace_white_ring.c trace_kit.c LINK wr_trace)
warrant_test(test_trace_white_digest test_trace_white_digest.c LINK wr_trace_write)
# What two threads share, in one process: for ThreadSanitizer above all (./dev tsan).
warrant_test(test_threads_white test_threads_white.c trace_kit.c rt_build.c LINK wr_trace wr_runtime wr_base)
add_executable(test_trace_white_document test_trace_white_document.c)
target_link_libraries(test_trace_white_document PRIVATE wr_trace_write wr_abi wr_base cmocka)
add_test(NAME test_trace_white_document COMMAND test_trace_white_document ${CMAKE_SOURCE_DIR}/docs/trace-format.md)
