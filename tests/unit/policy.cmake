warrant_test(test_policy_yaml test_policy_yaml.c LINK wr_policy_yaml)
warrant_test(test_policy_spec test_policy_spec.c LINK wr_policy)
warrant_test(test_confine_filter test_confine_filter.c LINK wr_confine)
warrant_test(test_confine_network test_confine_network.c LINK wr_confine)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  warrant_test(test_confine_lines test_confine_lines.c confine_entry_x86_64.c LINK wr_confine)
else()
  warrant_test(test_confine_lines test_confine_lines.c confine_entry_arm64.c LINK wr_confine)
endif()
warrant_test(test_syscalls test_syscalls.c LINK wr_abi)

# asm/unistd_64.h is the x86-64 header's name; another machine's headers do not have it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  add_test(NAME check_syscalls COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/check_syscalls.py
                                       ${CMAKE_SOURCE_DIR}/wasi/abi/syscalls.def ${CMAKE_C_COMPILER})
endif()

add_executable(test_syscalls_page test_syscalls_page.c syscalls_page.c)
target_link_libraries(test_syscalls_page PRIVATE wr_abi cmocka)
add_test(NAME test_syscalls_page COMMAND test_syscalls_page ${CMAKE_SOURCE_DIR}/docs/syscall-impact.md)

find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME check_trusted COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/check_trusted.py ${CMAKE_SOURCE_DIR})
