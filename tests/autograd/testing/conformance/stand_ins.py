"""Adapters of libraries that are made of this one, or of the oracle: right ones, and wrong ones."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import autograd
from autograd import Value
from autograd.backward import toposort
from autograd.testing.conformance import Adapter, find

HERE = Path(__file__).parent
from_value = autograd.custom_op("from_value", autograd.expm1, lambda y, x: (y + 1.0,))
OURS = find("chainrule")
PATH = (str(HERE), str(HERE.parents[3]))


def made(name="mine", setup="", **changes):
    changes = {"functions": {"sin": "autograd.sin(x)", "expm1": "autograd.expm1(x)"}, **changes}
    return dataclasses.replace(OURS, name=name, setup=f"import autograd\n{setup}", path=PATH, **changes)


RIGHT = made()
LIAR = made(functions={"sin": "autograd.cos(x)", "expm1": "autograd.expm1(x)"})
MISSPELT = made(functions={"sine": "autograd.sin(x)"})
WITHOUT = made(derivative={"reverse": "lambda f, i: lambda *a: None"})
RAISES = made(setup="def f(x): raise NotImplementedError('derivative for f')", functions={"sin": "f(x)"})
SHAPES = made(
    numbers="lambda d: d",
    derivative={"reverse": "lambda f, i: lambda *a: list(map(autograd.grad(f), a[i]))[:7]"},
    shapes=("array",),
)
ABSENT = made(setup="import no_such_library", install="pip install no-such-library")
BROKEN = made(setup="1 / 0")
CRASHES = made(setup="import stand_ins", derivative={"reverse": "stand_ins.crashing"})
HANGS = made(setup="import stand_ins", derivative={"reverse": "stand_ins.hanging"})
PRINTS = made(setup="print('loaded'); print('loaded', flush=True)")
LOSES = made(
    setup="import stand_ins", functions={"expm1": "stand_ins.from_value(x)", "square": "autograd.square(x)"},
)  # fmt: skip
LOST = made(
    setup="import stand_ins", derivative={"reverse": "stand_ins.overwriting"},
    functions={name: OURS.functions[name] for name in ("mul", "sin", "exp", "tanh")},
)  # fmt: skip
TOGETHER = made(
    setup="import stand_ins", jit="stand_ins.compiled", eager_is_slow=True,
    functions={**RIGHT.functions, "mul": "x * y"},
)  # fmt: skip
ALONE = dataclasses.replace(TOGETHER, jit="stand_ins.compiled_alone")
CONSTANT = 3
EXACT = Adapter(
    name="exact", install="", setup="import exact", version="'1'",
    array="lambda values, dtype: (values, dtype)", numbers="float",
    derivative={"reverse": "exact.D"}, shapes=("scalar",), path=PATH,
    functions={name: repr(name) for name in ("tanh", "silu", "asin", "relu", "sqrt")},
)  # fmt: skip


def compiled(f):
    """As a compiler does that takes everything."""
    return f


def compiled_alone(f):
    """As a compiler does that takes one derivative, and no list of them."""

    def g(*x):
        found = f(*x)
        if isinstance(found, list):
            raise TypeError("a list cannot be compiled")
        return found

    return g


def crashing(f, i):
    """Right at first, so that the function is taken for what it is."""
    return _later(f, i, lambda: os.kill(os.getpid(), 9))


def hanging(f, i):
    return _later(f, i, lambda: time.sleep(600))


def _later(f, i, act):
    g = autograd.grad(f, i)

    def derivative(*x):
        if float(x[0]) in (40.0, -40.0):
            act()
        return g(*x)

    return derivative


def overwriting(f, i):
    """As engines do that set gradients where they should add to them."""

    def derivative(*x):
        leaves = [Value(v) for v in x]
        root = f(*leaves)
        grads = {root: 1.0}
        for node in reversed(toposort(root)):
            if node.op is not None and node in grads:
                operands = [v for v in node.operands if isinstance(v, Value)]
                numbers = tuple(v.data for v in operands)
                for v, d in zip(operands, node.op.local(node.data, numbers), strict=True):
                    grads[v] = d * grads[node]
        return grads.get(leaves[i], 0.0)

    return derivative if f.__name__ == "program" else autograd.grad(f, i)
ENDS = made(setup="raise SystemExit(3)")
BACKWARDS = made(derivative={"backwards": "lambda f, i: f"})
HALVES = made(dtypes=("float16",))
LISTED = made(functions=["sin"])
EMPTY = made(functions={})
LACKING = made(lacks=frozenset({"sine forward"}))
LACKS_TEXT = made(lacks="sin")
LACKS_NUMBER = made(lacks=frozenset({3}))
HIGH = made(highest="3")
FOLDER = dataclasses.replace(OURS, path="/tmp")
NO_OPERATOR = made(derivative={"reverse": "no_such_operator"})
NO_JIT = made(jit="no_such_jit")
