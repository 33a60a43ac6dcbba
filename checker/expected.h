/* Which refusals the start of a libc or of a language's runtime brings about (expected.def), in SQL.
 *
 * EXPECTED_REFUSALS  two common table expressions over `chosen(run, first, beyond)`, the runs that are asked about: the
 * second one is expected(id, text), the hostcalls' ids. */
#ifndef WARRANT_CHECKER_EXPECTED_H
#define WARRANT_CHECKER_EXPECTED_H

/* clang-format off */
#define EXPECTED_REFUSALS \
    "start AS (SELECT c.run, c.first, min(h.id) AS last FROM chosen c CROSS JOIN hostcall h ON h.id >= c.first AND h.id < c.beyond" \
    " JOIN expected_refusal x ON x.call = h.call AND x.rule = h.rule AND x.ends GROUP BY c.run)," \
    " expected AS (SELECT h.id, x.text FROM start s JOIN hostcall h ON h.id = s.last JOIN expected_refusal x ON x.call = h.call AND x.rule = h.rule" \
    " WHERE h.slot0 = 3 + (SELECT count(*) FROM hostcall p WHERE p.id >= s.first AND p.id < s.last AND p.call = h.call)" \
    " UNION ALL SELECT min(h.id), x.text FROM start s CROSS JOIN hostcall h ON h.id >= s.first AND h.id < s.last" \
    " JOIN expected_refusal x ON x.call = h.call AND x.rule = h.rule AND NOT x.ends WHERE h.slot0 IN (0, 1, 2) AND h.slot1 & x.flags = x.flags GROUP BY s.run, h.call, h.slot0)"
/* clang-format on */

#endif
