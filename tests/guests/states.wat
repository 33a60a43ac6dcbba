;; Yields ten times and changes memory, a global and a table in between, all of which no hostcall sees; exits with 5.
;; Marks that tests change in the binary: 0x1234567 is stored into the memory, 0x2345678 added to the global.
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (global $sum (mut i32) (i32.const 0))
  (table $t 10 funcref)
  (elem declare func $again)
  (func $again (param $i i32)
    (drop (call $yield))
    (i32.store (i32.mul (local.get $i) (i32.const 10000)) (i32.const 0x1234567))
    (global.set $sum (i32.add (global.get $sum) (i32.const 0x2345678)))
    (table.set $t (local.get $i) (ref.func $again)))
  (func (export "_start") (local $i i32)
    (loop $next
      (call $again (local.get $i))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
    (call $exit (i32.const 5))))
