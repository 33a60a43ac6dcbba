# The decision core.
foreach(name test_decide_net test_decide_rules test_decide_io test_decide_path test_decide_pair test_decide_open test_decide_misc
             test_decide_request)
  warrant_test(${name} ${name}.c decide_case.c LINK wr_decide)
endforeach()
foreach(name test_decide_rows test_decide_scalar)
  warrant_test(${name} ${name}.c decide_case.c hostile_slots.c LINK wr_decide)
endforeach()
