;; Grows its memory page by page until that fails, then exits with the number of pages modulo 256.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (call $exit (i32.and (memory.size) (i32.const 255)))))
