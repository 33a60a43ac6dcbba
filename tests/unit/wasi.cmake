# Tests of wasi/ and wasi/abi.
warrant_test(test_abi_rows test_abi_rows.c LINK wr_abi)
warrant_test(test_abi_witx test_abi_witx.c witx_tree.c LINK wr_abi)
set_tests_properties(test_abi_witx PROPERTIES WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} SKIP_RETURN_CODE 77)
warrant_test(test_act_live test_act_live.c act_world.c LINK wr_act)
if(NOT APPLE)
  warrant_test(test_act_calls test_act_calls.c act_world.c LINK wr_act)
  set_tests_properties(test_act_calls PROPERTIES SKIP_RETURN_CODE 77)
endif()
