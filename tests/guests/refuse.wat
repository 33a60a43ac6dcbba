;; Asks for more memory and table than a small machine has, and for more than it declares; exits with what it got: 1 for each refused
;; growth of memory and 10 for the table's, and the number of pages.
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 20000)
  (global $refused (mut i32) (i32.const 0))
  (table $t 10 9000000 funcref)
  (func $big ;; 640 MiB
    (if (i32.eq (memory.grow (i32.const 10000)) (i32.const -1))
      (then (global.set $refused (i32.add (global.get $refused) (i32.const 1))))))
  (func (export "_start")
    (call $big)
    (drop (call $yield))
    (drop (memory.grow (i32.const 3)))
    (drop (memory.grow (i32.const 30000))) ;; its own limit forbids it
    (call $big)
    (if (i32.eq (table.grow $t (ref.null func) (i32.const 8000000)) (i32.const -1))
      (then (global.set $refused (i32.add (global.get $refused) (i32.const 10)))))
    (drop (call $yield))
    (call $big)
    (call $exit (i32.add (global.get $refused) (memory.size)))))
