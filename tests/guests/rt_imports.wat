;; Imports of every kind, which the tests of rt.h take from an instance of rt_exports.wat.
(module
  (import "other" "add" (func $add (param i32 i32) (result i32)))
  (import "other" "memory" (memory 1))
  (import "other" "table" (table 4 funcref))
  (import "other" "count" (global $count (mut i32)))
  (import "other" "fixed" (global $fixed i64))
  (export "count" (global $count))
  (export "memory" (memory 0))
  (type $binary (func (param i32 i32) (result i32)))
  ;; 16 and the byte there, once directly and once through the table; both sums are counted.
  (func (export "work") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 2)))
    (i32.store8 (i32.const 17) (i32.const 66))
    (i32.add (call $add (i32.const 16) (i32.load8_u (i32.const 16)))
             (call_indirect (type $binary) (i32.const 1) (i32.const 2) (i32.const 0)))))
