"""The package itself, which is held to the same as others."""

from pathlib import Path

from autograd.ops import TABLE
from autograd.testing.conformance.adapter import Adapter
from autograd.testing.conformance.data import load

__all__ = ["ADAPTER"]

_WRITTEN = {
    "mul": "x * y",
    "div": "x / y",
    "norm": "autograd.norm([x, y])",
    "softmax": "autograd.softmax([x, y])[0]",
    "log_softmax": "autograd.log_softmax([x, y])[0]",
    "logsumexp": "autograd.logsumexp([x, y])",
    "max": "autograd.max([x, y])",
    "prod": "autograd.prod([x, y, z])",
    "cube": "x ** 3",
    "inverse_square": "x ** -2",
    "power_5_2": "x ** 2.5",
}
_OPERANDS = {1: "x", 2: "x, y"}

ADAPTER = Adapter(
    name="chainrule",
    install="pip install chainrule",
    setup="import autograd",
    version="autograd.__version__",
    array="lambda values, dtype: values",
    numbers="float",
    derivative={
        "reverse": "lambda f, i: autograd.grad(f, i)",
        "forward": "lambda f, i: lambda *a: "
        "autograd.jvp(lambda v: f(*a[:i], v, *a[i + 1:]), (a[i],), (1.0,))[1]",
    },
    functions={
        name: _WRITTEN.get(name) or f"autograd.{name}({_OPERANDS[TABLE[name].arity]})"
        for name in load()
        if name in TABLE or name in _WRITTEN
    },
    dtypes=("float64",),
    shapes=("scalar",),
    path=(str(Path(__file__).parents[4]),),
)
