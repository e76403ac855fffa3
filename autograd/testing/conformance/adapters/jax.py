"""JAX."""

from autograd.testing.conformance.adapter import Adapter, same

__all__ = ["ADAPTER"]

ADAPTER = Adapter(
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
        "cube": "x ** 3",
        "inverse_square": "x ** -2",
        "power_5_2": "x ** 2.5",
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
