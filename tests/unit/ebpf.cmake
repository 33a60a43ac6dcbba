# The witness: the stored records; what the probe sees (needs root and BPF, else skipped with status 77).
warrant_test(test_witness_file test_witness_file.c LINK wr_trace wr_base)
warrant_test(test_witness_live test_witness_live.c witness_live.c
             $<IF:$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>,confine_entry_x86_64.c,confine_entry_arm64.c>
             LINK wr_witness wr_trace wr_base)
warrant_test(test_witness_sockets test_witness_sockets.c witness_live.c LINK wr_witness wr_trace wr_base)
warrant_test(test_witness_loss test_witness_loss.c witness_live.c LINK wr_witness wr_trace wr_base)
set_tests_properties(test_witness_live test_witness_loss test_witness_sockets PROPERTIES SKIP_RETURN_CODE 77)
