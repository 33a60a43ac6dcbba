warrant_test(test_base test_base.c LINK wr_base)
warrant_test(test_json test_json.c LINK wr_base)
warrant_test(test_text test_text.c LINK wr_base)
warrant_test(test_os test_os.c LINK wr_base)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME check_unprintable COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/check_unprintable.py
  ${CMAKE_SOURCE_DIR}/runtime/base/unprintable.def)
