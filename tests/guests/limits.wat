;; A module whose every size is known to the tests of limits; it calls itself until 10 frames are in use.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (table 20 funcref)
  (table 30 externref)
  (func (export "_start") (call $descend (i32.const 8) (i32.const 0)))
  (func $descend (param i32 i32) (local i64 f32 f64)
    (if (local.get 0) (then (call $descend (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
  (func $unused (param i32)))
