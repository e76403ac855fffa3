"""A user's program: `tests/test_types.py` runs type checkers over it, and nobody else does."""

from typing import assert_type

import autograd
from autograd import Value, sin
from autograd.op import Op

x = Value(2.0, "x")
assert_type(x.data, float)
assert_type(x + 1.0, Value)
assert_type(2 * x, Value)
assert_type(x.tanh(), Value)
assert_type(sin, Op)
assert_type(sin(1.0), float)
assert_type(sin(x), Value)
assert_type(autograd.hypot(x, 2.0), Value)
assert_type(autograd.hypot(3.0, 4.0), float)
assert_type(autograd.toposort(sin(x)), list[Value])
assert_type(x.parents, tuple[Value, ...])
assert_type(autograd.to_json(x), str)
assert_type(autograd.from_json("{}"), Value)
