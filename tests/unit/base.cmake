warrant_test(test_base test_base.c LINK wr_base)
