# warrant_library(NAME SOURCES... [LINK libs...]): a static library `wr_NAME`; a folder is a library.
function(warrant_library name)
  cmake_parse_arguments(LIB "" "" "LINK" ${ARGN})
  add_library(wr_${name} STATIC ${LIB_UNPARSED_ARGUMENTS})
  target_link_libraries(wr_${name} PUBLIC ${LIB_LINK})
endfunction()

# warrant_test(NAME SOURCES... [LINK libs...]): a cmocka program registered with CTest.
function(warrant_test name)
  cmake_parse_arguments(TEST "" "" "LINK" ${ARGN})
  add_executable(${name} ${TEST_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${TEST_LINK} cmocka)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
