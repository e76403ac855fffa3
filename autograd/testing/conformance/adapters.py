"""The libraries whose adapters come along: text alone, which imports none of them."""

from pathlib import Path

from autograd.ops import TABLE
from autograd.testing.conformance.adapter import Adapter, same
from autograd.testing.conformance.data import load

__all__ = ["ADAPTERS"]

_POWERS = {"cube": "x ** 3", "inverse_square": "x ** -2", "power_5_2": "x ** 2.5"}

_TORCH = Adapter(
    name="torch",
    install="pip install torch",
    setup="import torch",
    version="torch.__version__",
    array="lambda values, dtype: torch.tensor(values, dtype=getattr(torch, dtype))",
    numbers="lambda d: (d + torch.zeros((), dtype=d.dtype)).tolist()",
    derivative={
        "reverse": "lambda f, i: lambda *a: torch.func.grad(lambda v: f(*a[:i], v, *a[i + 1:]).sum())(a[i])",
        "forward": "lambda f, i: lambda *a: "
        "torch.func.jvp(lambda v: f(*a[:i], v, *a[i + 1:]), (a[i],), (torch.ones_like(a[i]),))[1]",
    },
    functions={
        **same(
            "torch.{}(x)",
            "reciprocal square exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh sigmoid erf erfc abs "
            "sign floor ceil round trunc sinc i0 lgamma digamma sqrt rsqrt log log2 log10 log1p asin acos "
            "atanh acosh logit",
        ),
        **same(
            "torch.nn.functional.{}(x)",
            "logsigmoid softplus silu gelu relu leaky_relu elu selu relu6 hardtanh mish",
        ),
        **same("torch.{}(x, y)", "mul div pow atan2 hypot logaddexp logaddexp2 maximum minimum xlogy"),
        "softplus": "torch.nn.functional.softplus(x, threshold=700)",  # from there on it is x
        "normal_cdf": "torch.special.ndtr(x)",
        "log_ndtr": "torch.special.log_ndtr(x)",
        "entr": "torch.special.entr(x)",
        "xlog1py": "torch.special.xlog1py(x, y)",
        **_POWERS,
        "norm": "torch.linalg.vector_norm(torch.stack([x, y]), dim=0)",
        "softmax": "torch.softmax(torch.stack([x, y]), 0)[0]",
        "log_softmax": "torch.log_softmax(torch.stack([x, y]), 0)[0]",
        "logsumexp": "torch.logsumexp(torch.stack([x, y]), 0)",
        "max": "torch.amax(torch.stack([x, y]), 0)",
        "prod": "torch.prod(torch.stack([x, y, z]), 0)",
    },
    jit="lambda f: torch.compile(f)",
    jit_is_slow=True,
)

_JAX = Adapter(
    name="jax",
    install="pip install jax",
    setup="import jax, jax.numpy as jnp; jax.config.update('jax_enable_x64', True)",
    version="jax.__version__",
    array="lambda values, dtype: jnp.asarray(values, dtype=dtype)",
    numbers="lambda d: d.tolist()",
    derivative={
        "reverse": "lambda f, i: lambda *a: jax.grad(lambda v: f(*a[:i], v, *a[i + 1:]).sum())(a[i])",
        "forward": "lambda f, i: lambda *a: "
        "jax.jvp(lambda v: f(*a[:i], v, *a[i + 1:]), (a[i],), (jnp.ones_like(a[i]),))[1]",
    },
    functions={
        **same(
            "jnp.{}(x)",
            "reciprocal square cbrt exp exp2 expm1 sin cos tan sinh cosh tanh abs sign floor ceil round "
            "trunc sinc i0 sqrt log log2 log10 log1p",
        ),
        **same("jax.nn.{}(x)", "sigmoid softplus silu relu leaky_relu elu selu relu6 mish"),
        **same("jax.scipy.special.{}(x)", "erf erfc digamma entr logit log_ndtr"),
        "asin": "jnp.arcsin(x)",
        "acos": "jnp.arccos(x)",
        "atan": "jnp.arctan(x)",
        "asinh": "jnp.arcsinh(x)",
        "acosh": "jnp.arccosh(x)",
        "atanh": "jnp.arctanh(x)",
        "rsqrt": "jax.lax.rsqrt(x)",
        "logsigmoid": "jax.nn.log_sigmoid(x)",
        "gelu": "jax.nn.gelu(x, approximate=False)",
        "hardtanh": "jax.nn.hard_tanh(x)",
        "normal_cdf": "jax.scipy.special.ndtr(x)",
        "lgamma": "jax.scipy.special.gammaln(x)",
        **_POWERS,
        "mul": "x * y",
        "div": "x / y",
        "pow": "jnp.power(x, y)",
        "atan2": "jnp.arctan2(x, y)",
        "hypot": "jnp.hypot(x, y)",
        "logaddexp": "jnp.logaddexp(x, y)",
        "logaddexp2": "jnp.logaddexp2(x, y)",
        "maximum": "jnp.maximum(x, y)",
        "minimum": "jnp.minimum(x, y)",
        "xlogy": "jax.scipy.special.xlogy(x, y)",
        "xlog1py": "jax.scipy.special.xlog1py(x, y)",
        "norm": "jnp.linalg.norm(jnp.stack([x, y]), axis=0)",
        "softmax": "jax.nn.softmax(jnp.stack([x, y]), axis=0)[0]",
        "log_softmax": "jax.nn.log_softmax(jnp.stack([x, y]), axis=0)[0]",
        "logsumexp": "jax.scipy.special.logsumexp(jnp.stack([x, y]), axis=0)",
        "max": "jnp.max(jnp.stack([x, y]), axis=0)",
        "prod": "jnp.prod(jnp.stack([x, y, z]), axis=0)",
    },
    jit="jax.jit",
    eager_is_slow=True,
)

_TENSORFLOW = Adapter(
    name="tensorflow",
    install="pip install tensorflow-cpu",
    # Of accumulators in one another an operation's slope is traced once a level if it runs by itself: as one
    # graph, which nothing rewrites, they take a fifth of the time. Some functions are refused in a graph.
    setup="""\
import os; os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3"); import tensorflow as tf
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
def reverse(f, i):
    def derivative(*a):
        with tf.GradientTape() as tape:
            tape.watch(a[i]); y = f(*a)
        return tape.gradient(y, a[i], unconnected_gradients="zero")
    return derivative
def forward(f, i):
    inner = getattr(f, "alone", None)
    def derivative(*a):
        with tf.autodiff.ForwardAccumulator(a[i], tf.ones_like(a[i])) as accumulator:
            y = (inner or f)(*a)
        return accumulator.jvp(y, unconnected_gradients="zero")
    ways = [derivative, tf.function(derivative, autograph=False)][: 2 if inner else 1]
    def nested(*a):
        try:
            return ways[-1](*a)
        except (IndexError, TypeError):
            del ways[1:]
        return derivative(*a)
    nested.alone = derivative
    return nested
""",
    version="tf.__version__",
    array="lambda values, dtype: tf.constant(values, dtype=dtype)",
    numbers="lambda d: d.numpy().tolist()",
    derivative={"reverse": "reverse", "forward": "forward"},
    functions={
        **same(
            "tf.math.{}(x)",
            "reciprocal square exp expm1 sin cos tan sinh cosh tanh abs sign floor ceil round sqrt rsqrt "
            "log log1p erf erfc digamma lgamma asin acos atan asinh acosh atanh sigmoid softplus",
        ),
        **same("tf.nn.{}(x)", "silu relu elu selu relu6"),
        "leaky_relu": "tf.nn.leaky_relu(x, alpha=0.01)",
        "logsigmoid": "tf.math.log_sigmoid(x)",
        "gelu": "tf.nn.gelu(x)",
        "exp2": "tf.keras.ops.exp2(x)",
        "sinc": "tf.keras.ops.sinc(x)",
        "log2": "tf.keras.ops.log2(x)",
        "log10": "tf.keras.ops.log10(x)",
        **_POWERS,
        "mul": "x * y",
        "div": "x / y",
        "pow": "tf.math.pow(x, y)",
        "atan2": "tf.math.atan2(x, y)",
        "logaddexp": "tf.keras.ops.logaddexp(x, y)",
        "maximum": "tf.math.maximum(x, y)",
        "minimum": "tf.math.minimum(x, y)",
        "xlogy": "tf.math.xlogy(x, y)",
        "xlog1py": "tf.math.xlog1py(x, y)",
        "norm": "tf.norm(tf.stack([x, y]), axis=0)",
        "softmax": "tf.nn.softmax(tf.stack([x, y]), axis=0)[0]",
        "log_softmax": "tf.nn.log_softmax(tf.stack([x, y]), axis=0)[0]",
        "logsumexp": "tf.math.reduce_logsumexp(tf.stack([x, y]), axis=0)",
        "max": "tf.math.reduce_max(tf.stack([x, y]), axis=0)",
        "prod": "tf.math.reduce_prod(tf.stack([x, y, z]), axis=0)",
    },
    jit="lambda f: tf.function(f, jit_compile=True)",
    jit_is_slow=True,
)

# Reverse mode is all there is.
_TINYGRAD = Adapter(
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
        **_POWERS,
        "softmax": "Tensor.stack(x, y).softmax(0)[0]",
        "log_softmax": "Tensor.stack(x, y).log_softmax(0)[0]",
        "logsumexp": "Tensor.stack(x, y).logsumexp(0)",
        "max": "Tensor.stack(x, y).max(0)",
        "prod": "Tensor.stack(x, y, z).prod(0)",
    },
    highest=2,
)

# HIPS autograd, which has our import name: it lives in an environment of its own.
_HIPS = Adapter(
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
        **_POWERS,
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

# The package itself, which is held to the same as others.
_WRITTEN = {
    "mul": "x * y",
    "div": "x / y",
    "norm": "autograd.norm([x, y])",
    "softmax": "autograd.softmax([x, y])[0]",
    "log_softmax": "autograd.log_softmax([x, y])[0]",
    "logsumexp": "autograd.logsumexp([x, y])",
    "max": "autograd.max([x, y])",
    "prod": "autograd.prod([x, y, z])",
    **_POWERS,
}
_OPERANDS = {1: "x", 2: "x, y"}
_CHAINRULE = Adapter(
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
    path=(str(Path(__file__).parents[3]),),
)

ADAPTERS = {adapter.name: adapter for adapter in (_TORCH, _JAX, _TENSORFLOW, _TINYGRAD, _HIPS, _CHAINRULE)}
