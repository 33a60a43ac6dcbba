;; Touches a directory in most of the ways a guest can, then spends instructions that depend on what it read.
;; Marks that tests change in the binary: the precision 0x1234567, the condition 0x2345678, the count 0x345678, the code 0x77,
;; and the texts.
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fstat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\00\01\00\00\05\00\00\00")     ;; iov of "hello"
  (data (i32.const 32) "\00\03\00\00\10\00\00\00")    ;; iov to read into, 768, 16 bytes
  (data (i32.const 256) "hello")
  (data (i32.const 300) "file")
  (data (i32.const 310) "nosuchfile")
  ;; a subscription: clock 1, timeout 1000 ns
  (data (i32.const 400) "\07\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\e8\03\00\00\00\00\00\00")

  (func $check (param i32)
    (if (local.get 0) (then (call $exit (local.get 0)))))

  (func $files (local $fd i32)
    (call $check (call $open (i32.const 3) (i32.const 0) (i32.const 300) (i32.const 4) (i32.const 9)
                             (i64.const 0x200066) (i64.const 0) (i32.const 0) (i32.const 20)))
    (local.set $fd (i32.load (i32.const 20)))
    (call $check (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 24)))
    (call $check (call $pread (local.get $fd) (i32.const 32) (i32.const 1) (i64.const 0) (i32.const 24)))
    (call $check (call $fstat (local.get $fd) (i32.const 64)))
    (call $check (call $readdir (i32.const 3) (i32.const 1024) (i32.const 512) (i64.const 0) (i32.const 28)))
    (call $check (call $stat (i32.const 3) (i32.const 0) (i32.const 300) (i32.const 4) (i32.const 128)))
    (drop (call $stat (i32.const 3) (i32.const 0) (i32.const 310) (i32.const 10) (i32.const 128)))
    (call $check (call $close (local.get $fd)))
    (call $check (call $unlink (i32.const 3) (i32.const 300) (i32.const 4))))

  (func $spend (param $count i32)
    (loop $again
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  (func $main (export "_start")
    (call $check (call $clock (i32.const 0) (i64.const 0x1234567) (i32.const 16)))
    (call $check (call $random (i32.const 512) (i32.const 16)))
    (if (i32.const 0x2345678) (then (call $files)))
    (call $check (call $poll (i32.const 400) (i32.const 2048) (i32.const 1) (i32.const 24)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24)))
    ;; what was read decides how much is executed
    (call $spend (i32.add (i32.const 1) (i32.load8_u (i32.const 512))))
    (call $spend (i32.and (i32.const 0x345678) (i32.const 0xfff)))
    (call $exit (i32.const 0x77)))
)
