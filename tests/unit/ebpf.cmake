# The witness: the stored records; what the probe sees (needs root and BPF, else skipped with status 77).
warrant_test(test_witness_file test_witness_file.c LINK wr_trace wr_base)
foreach(name live loss)
  warrant_test(test_witness_${name} test_witness_${name}.c witness_live.c LINK wr_witness wr_trace wr_base)
  set_tests_properties(test_witness_${name} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
