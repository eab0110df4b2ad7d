"""WebAssembly compiled at run time, with traps that its own signal handler catches, and calls back into Python."""

import sys

from wasmtime import Func, FuncType, Instance, Module, Store, Trap, ValType, WasmtimeError

source = """
(module
  (import "" "note" (func $note (param i32)))
  (memory 1)
  (func (export "sum") (param $n i32) (result i64) (local $s i64)
    (loop $next
      (local.set $s (i64.add (local.get $s) (i64.extend_i32_u (local.get $n))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))
  (func (export "call") (param $n i32)
    (loop $next
      (call $note (local.get $n))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "outside") (result i32) (i32.load (i32.const 9999999)))
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0))))
"""
rounds = int(sys.argv[1])
store = Store()
noted = []
note = Func(store, FuncType([ValType.i32()], []), noted.append)
exports = Instance(store, Module(store.engine, source), [note]).exports(store)
print(sum(exports["sum"](store, 100_000_000) for _ in range(5 * rounds)))
exports["call"](store, 50_000 * rounds)
print(len(noted))
trapped = 0
for _ in range(200 * rounds):
    for name, arguments in (("outside", ()), ("divide", (0,))):
        try:
            exports[name](store, *arguments)
        except (Trap, WasmtimeError):
            trapped += 1
print(trapped)
