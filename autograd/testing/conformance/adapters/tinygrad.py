"""tinygrad, of which reverse mode is all there is."""

from autograd.testing.conformance.adapter import Adapter, same

__all__ = ["ADAPTER"]

ADAPTER = Adapter(
    name="tinygrad",
    install="pip install tinygrad",
    setup="from tinygrad import Tensor, dtypes",
    version="__import__('importlib.metadata').metadata.version('tinygrad')",
    # A number as a buffer: as a constant it would be a part of the program, which is compiled anew for each.
    array="lambda values, dtype: Tensor(values, dtype=getattr(dtypes, dtype)) if isinstance(values, list) "
    "else Tensor([values], dtype=getattr(dtypes, dtype)).reshape(())",
    numbers="lambda d: d.tolist()",
    derivative={
        "reverse": "lambda f, i: lambda *a: f(*a).sum().gradient(a[i])[0]",
    },
    functions={
        **same(
            "x.{}()",
            "reciprocal square exp exp2 sin cos tan atan sinh cosh tanh asinh sigmoid logsigmoid softplus "
            "silu erf relu leaky_relu elu selu relu6 hardtanh abs sign floor ceil round trunc sqrt rsqrt "
            "log log2 log10 asin acos atanh acosh mish",
        ),
        "mul": "x * y",
        "div": "x / y",
        "pow": "x ** y",
        "maximum": "x.maximum(y)",
        "minimum": "x.minimum(y)",
        "logaddexp": "x.logaddexp(y)",
        "cube": "x ** 3",
        "inverse_square": "x ** -2",
        "power_5_2": "x ** 2.5",
        "softmax": "Tensor.stack(x, y).softmax(0)[0]",
        "log_softmax": "Tensor.stack(x, y).log_softmax(0)[0]",
        "logsumexp": "Tensor.stack(x, y).logsumexp(0)",
        "max": "Tensor.stack(x, y).max(0)",
        "prod": "Tensor.stack(x, y, z).prod(0)",
    },
    highest=2,
)
