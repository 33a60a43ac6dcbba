;; Calls itself for ever.
(module (memory (export "memory") 1) (func $deep (export "_start") (call $deep)))
