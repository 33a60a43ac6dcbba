foreach(name test_match test_match_resync)
  warrant_test(${name} ${name}.c test_match_kit.c test_match_impact.c LINK wr_match)
endforeach()
