;; Works on one thing for long, so that it can be stopped at it; the first letter of its first argument says which.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (memory (export "memory") 1)
  (table $t 1 10000000 funcref)
  ;; a subscription: clock 1, timeout 1000 s
  (data (i32.const 400) "\07\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\10\a5\d4\e8\00\00\00")
  (data (i32.const 456) "\00\02\00\00\10\00\00\00") ;; iov of 16 bytes at 512

  (func $want (param $pages i32)
    (if (i32.eq (memory.grow (i32.sub (local.get $pages) (memory.size))) (i32.const -1)) (then unreachable)))
  (func $tables
    (if (i32.eq (table.grow $t (ref.null func) (i32.const 9999999)) (i32.const -1)) (then unreachable))
    (loop $again
      (table.fill $t (i32.const 0) (ref.null func) (i32.const 10000000))
      (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 9999999))
      (br $again)))
  (func $copy
    (call $want (i32.const 65536))
    (loop $again
      (memory.copy (i32.const 0x7fff0000) (i32.const 1) (i32.const 0x7fff0000))
      (br $again)))
  (func $fill
    (call $want (i32.const 65536))
    (memory.fill (i32.const 65536) (i32.const 42) (i32.const 0xfffeffff))
    (call $fill))
  (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))
  (func $tail (param i32) (return_call $tail (i32.add (local.get 0) (i32.const 1))))
  (func $switch (local $i i32)
    (loop $a (loop $b
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_table $a $b $b (i32.and (local.get $i) (i32.const 3))))))

  (func (export "_start") (local $letter i32)
    (drop (call $args_get (i32.const 0) (i32.const 64)))
    (local.set $letter (i32.load8_u (i32.load (i32.const 4))))
    (if (i32.eq (local.get $letter) (i32.const 108)) (then (loop $again (br $again))))                      ;; l
    (if (i32.eq (local.get $letter) (i32.const 102)) (then (call $fill)))                                   ;; f
    (if (i32.eq (local.get $letter) (i32.const 99)) (then (call $copy)))                                    ;; c
    (if (i32.eq (local.get $letter) (i32.const 116)) (then (call $tables)))                                 ;; t
    (if (i32.eq (local.get $letter) (i32.const 114)) (then (loop $again (call $deep (i32.const 10000)) (br $again)))) ;; r
    (if (i32.eq (local.get $letter) (i32.const 98)) (then (call $switch)))                                  ;; b
    (if (i32.eq (local.get $letter) (i32.const 106)) (then (call $tail (i32.const 0))))                     ;; j
    (if (i32.eq (local.get $letter) (i32.const 119)) (then (call $want (i32.const 65536))))                 ;; w, then as y
    (if (i32.eq (local.get $letter) (i32.const 119)) (then (local.set $letter (i32.const 121))))
    (if (i32.eq (local.get $letter) (i32.const 121)) (then (loop $again (drop (call $yield)) (br $again)))) ;; y
    (if (i32.eq (local.get $letter) (i32.const 115))                                                        ;; s
      (then (loop $again (drop (call $poll (i32.const 400) (i32.const 2048) (i32.const 1) (i32.const 24))) (br $again))))
    (if (i32.eq (local.get $letter) (i32.const 105))                                                        ;; i
      (then (loop $again (drop (call $read (i32.const 0) (i32.const 456) (i32.const 1) (i32.const 24))) (br $again))))))
