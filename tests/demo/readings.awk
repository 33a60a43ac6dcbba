# 100,000 rows from a fixed generator: the same on every machine.
BEGIN {
    rows = rows ? rows : 100000
    state = 12345
    print "id,station,day,value"
    for (i = 1; i <= rows; i++) {
        state = state * 48271 % 2147483647
        printf "%d,station-%03d,%d,%.2f\n", i, state % 250, i % 365, (state % 100000) / 100
    }
}
