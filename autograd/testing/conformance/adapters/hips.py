"""HIPS autograd, which has our import name: it lives in an environment of its own."""

from autograd.testing.conformance.adapter import Adapter, same

__all__ = ["ADAPTER"]

ADAPTER = Adapter(
    name="hips",
    install="python -m venv hips && hips/bin/pip install autograd scipy, and add --python hips/bin/python",
    setup="import autograd.numpy as np, autograd.scipy.special as special\n"
    "from autograd import elementwise_grad, make_jvp",
    version="__import__('importlib.metadata').metadata.version('autograd')",
    array="lambda values, dtype: np.array(values, dtype=dtype)",
    numbers="lambda d: d.tolist()",
    derivative={
        "reverse": "lambda f, i: elementwise_grad(f, i)",
        "forward": "lambda f, i: lambda *a: make_jvp(f, i)(*a)(np.ones_like(a[i]))[1]",
    },
    functions={
        **same(
            "np.{}(x)",
            "reciprocal square exp exp2 expm1 sin cos tan sinh cosh tanh abs sign floor ceil sinc sqrt "
            "log log2 log10 log1p",
        ),
        **same("special.{}(x)", "erf erfc i0 digamma logit"),
        "asin": "np.arcsin(x)",
        "acos": "np.arccos(x)",
        "atan": "np.arctan(x)",
        "asinh": "np.arcsinh(x)",
        "acosh": "np.arccosh(x)",
        "atanh": "np.arctanh(x)",
        "sigmoid": "special.expit(x)",
        "lgamma": "special.gammaln(x)",
        "cube": "x ** 3",
        "inverse_square": "x ** -2",
        "power_5_2": "x ** 2.5",
        "mul": "x * y",
        "div": "x / y",
        "pow": "x ** y",
        "atan2": "np.arctan2(x, y)",
        "logaddexp": "np.logaddexp(x, y)",
        "logaddexp2": "np.logaddexp2(x, y)",
        "maximum": "np.maximum(x, y)",
        "minimum": "np.minimum(x, y)",
        "norm": "np.linalg.norm(np.stack([x, y]), axis=0)",
        "logsumexp": "special.logsumexp(np.stack([x, y]), axis=0)",
        "max": "np.max(np.stack([x, y]), axis=0)",
        "prod": "np.prod(np.stack([x, y, z]), axis=0)",
    },
    dtypes=("float64",),
    lacks=frozenset(same("{} forward", "sigmoid erf erfc i0 lgamma digamma logit").values()),
)
