# Tests of replay/: guests in the text format, recorded and replayed in one process.
find_program(WARRANT_WAT2WASM wat2wasm REQUIRED)
set(replay_guests ${CMAKE_CURRENT_BINARY_DIR}/guests)
file(MAKE_DIRECTORY ${replay_guests})
set(replay_modules "")
foreach(guest replay_world replay_trap replay_none)
  add_custom_command(OUTPUT ${replay_guests}/${guest}.wasm
    COMMAND ${WARRANT_WAT2WASM} --debug-names ${CMAKE_SOURCE_DIR}/tests/guests/${guest}.wat -o ${replay_guests}/${guest}.wasm
    DEPENDS ${CMAKE_SOURCE_DIR}/tests/guests/${guest}.wat VERBATIM)
  list(APPEND replay_modules ${replay_guests}/${guest}.wasm)
endforeach()
add_custom_target(replay_guests ALL DEPENDS ${replay_modules})
foreach(test test_replay test_replay_hostile test_replay_checked)
  warrant_test(${test} ${test}.c replay_world.c LINK wr_checker wr_replay wr_act)
  target_compile_definitions(${test} PRIVATE GUESTS="${replay_guests}")
  add_dependencies(${test} replay_guests)
endforeach()
warrant_test(test_replay_profile test_replay_profile.c rt_build.c LINK wr_replay wr_runtime wr_base)
warrant_test(test_replay_coverage test_replay_coverage.c rt_build.c LINK wr_replay wr_runtime wr_base)
