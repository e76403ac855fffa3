"""PyTorch."""

from autograd.testing.conformance.adapter import Adapter, same

__all__ = ["ADAPTER"]

ADAPTER = Adapter(
    name="torch",
    install="pip install torch",
    setup="import torch",
    version="torch.__version__",
    array="lambda values, dtype: torch.tensor(values, dtype=getattr(torch, dtype))",
    numbers="lambda d: (d + torch.zeros((), dtype=d.dtype)).tolist()",
    derivative={
        "reverse": "lambda f, i: lambda *a: "
        "torch.func.grad(lambda v: f(*a[:i], v, *a[i + 1:]).sum())(a[i])",
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
        "cube": "x ** 3",
        "inverse_square": "x ** -2",
        "power_5_2": "x ** 2.5",
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
