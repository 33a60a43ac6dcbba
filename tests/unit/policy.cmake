warrant_test(test_policy_yaml test_policy_yaml.c LINK wr_policy_yaml)
warrant_test(test_policy_spec test_policy_spec.c LINK wr_policy)
