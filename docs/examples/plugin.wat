;; The guest of embed.c: a plugin as somebody else might have written it. It works on text that the host puts into its
;; memory at 1024, and tells the host what it does through one function.
(module
  (import "host" "log" (func $log (param $at i32) (param $size i32)))
  (memory (export "memory") 1 1)
  (global $calls (export "calls") (mut i32) (i32.const 0))
  (data (i32.const 16) "shouting")

  ;; Turns the letters a to z among `size` bytes into capitals; returns how many it changed.
  (func $shout (export "shout") (param $at i32) (param $size i32) (result i32)
    (local $end i32) (local $changed i32) (local $byte i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (call $log (i32.const 16) (i32.const 8))
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
          (then
            (i32.store8 (local.get $at) (i32.sub (local.get $byte) (i32.const 32)))
            (local.set $changed (i32.add (local.get $changed) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $changed))

  ;; Never returns.
  (func $spin (export "spin") (loop $again (br $again))))
