"""Names that NumPy, PyTorch, JAX and others have for what is here: what each stands for, or what to write.

A refused name costs nothing until somebody asks for it: on a node it is a descriptor of the class that comes
last among the bases, so that looking up what there is takes no longer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NoReturn

from autograd import ops
from autograd.conversion import REFUSED, refusal_of_question
from autograd.operators import Operators
from autograd.spellings import told_instead
from autograd.ufuncs import INSTEAD, OTHER_NAMES, counterpart
from autograd.words import gettext

__all__ = ["MODULES", "Elsewhere", "Imports", "missing", "synonym", "told"]

_LOOPS: Final = (
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "deg2rad", "fabs",
    "fmod", "hypot", "rad2deg", "rint",
)  # fmt: skip
"""The methods that NumPy's loops over arrays of objects call by names that are none of ours."""

_SCALAR: Final = "x itself: a Value is one number, without a shape, type or device"
_SEVERAL: Final = "autograd.{0}([a, b, c]): a Value is one number"
_METHODS: Final = {
    # PyTorch
    **dict.fromkeys(
        ["cpu", "cuda", "to", "double", "contiguous", "squeeze", "unsqueeze", "view", "reshape", "flatten",
         "expand", "permute", "transpose", "T", "astype", "block_until_ready", "type", "H", "mT", "mH", "t",
         "ravel", "repeat", "tile", "flip", "roll", "resize", "swapaxes", "movedim", "diagonal", "trace",
         "diag", "tril", "triu", "chunk", "split", "unbind", "take", "gather", "scatter", "index_select",
         "masked_fill", "sort", "argsort", "topk", "any", "all", "unique", "nonzero", "nbytes", "itemsize",
         "nelement", "ndimension", "stride", "strides", "flat", "base", "expand_as", "view_as", "reshape_as",
         "type_as", "bfloat16", "short", "byte", "is_cuda", "is_contiguous", "is_complex",
         "is_floating_point", "get_device", "pin_memory", "storage", "data_ptr", "devices", "sharding",
         "to_device", "det", "inverse", "svd", "cholesky", "matrix_power"], _SCALAR,
    ),
    **dict.fromkeys(["shape", "size", "ndim", "dim", "dtype", "device"], _SCALAR),
    "numel": "1, since a Value is one number, or len(model.parameters())",
    **dict.fromkeys(["float", "half", "long", "int", "bool", "tolist"], "x.data, which is a float of Python"),
    "numpy": "x.data, or numpy.array([v.data for v in values])",
    **{name: _SEVERAL.format(name) for name in ("sum", "mean", "prod", "max", "min", "norm", "softmax",
                                                "log_softmax", "logsumexp")},
    **{name: _SEVERAL.format(of) for name, of in (("amax", "max"), ("amin", "min"), ("nansum", "sum"),
                                                  ("nanmean", "mean"))},
    **dict.fromkeys(["dot", "inner", "vdot"], "autograd.dot(a, b), of two vectors"),
    **dict.fromkeys(["matmul", "mm", "mv", "bmm"], "autograd.dots(rows, vector)"),
    "cumsum": "itertools.accumulate(values)", "median": "sorted(values)[len(values) // 2]",
    "outer": "[[a * b for b in ys] for a in xs]",
    "cumprod": "itertools.accumulate(values, operator.mul)",
    "argmax": "max(range(len(values)), key=values.__getitem__)",
    "argmin": "min(range(len(values)), key=values.__getitem__)",
    "std": "autograd.mean([(v - m) ** 2 for v in values]).sqrt()",
    "var": "autograd.mean([(v - m) ** 2 for v in values])",
    "add": "x + y", "sub": "x - y", "subtract": "x - y", "mul": "x * y", "multiply": "x * y",
    "div": "x / y", "divide": "x / y", "true_divide": "x / y", "neg": "-x", "negative": "-x",
    "floor_divide": "x // y", "floordiv": "x // y", "mod": "x % y",
    "remainder": "x % y", "power": "x ** y", "rsqrt": "1.0 / x.sqrt()",
    "absolute": "x.abs()", "clip": "x.clamp(low, high)", "clamp_min": "x.clamp(low)",
    "clamp_max": "x.clamp(high=high)", "fix": "x.trunc()", "sgn": "x.sign()", "fmax": "x.maximum(y)",
    "fmin": "x.minimum(y)", "heaviside": "autograd.where(x > 0.0, 1.0, y)", "ldexp": "x * 2.0**n",
    "logaddexp2": "(2.0**x + 2.0**y).log2()", "addcmul": "x + value * a * b", "addcdiv": "x + value * a / b",
    "masked_scatter": "autograd.where(mask, y, x)", "dist": "(x - y).abs()", "prelu": "x.leaky_relu(slope)",
    **dict.fromkeys(["conj", "adjoint", "resolve_conj"], "+x"), "signbit": "math.copysign(1.0, x.data) < 0.0",
    "nextafter": "math.nextafter(x.data, y)", "frexp": "math.frexp(x.data)",
    **dict.fromkeys(["isclose", "allclose"], "math.isclose(x.data, y.data)"),
    "logical_and": "bool(x.data) & bool(y.data)", "logical_or": "bool(x.data) | bool(y.data)",
    "logical_not": "not x.data", "logical_xor": "bool(x.data) ^ bool(y.data)", "lerp": "x + weight * (y - x)",
    "eq": "x.data == y.data", "ne": "x.data != y.data", "lt": "x < y", "le": "x <= y", "gt": "x > y",
    "ge": "x >= y", "isnan": "math.isnan(x.data)", "isinf": "math.isinf(x.data)",
    "isfinite": "math.isfinite(x.data)", "clone": "x itself, or +x: what was computed never changes",
    "copy": "x itself, or x.detach() for a leaf of its own",
    "requires_grad_": "nothing: every Value is differentiated, and an optimizer changes what it is given",
    "retain_grad": "nothing: every node keeps its gradient", "retains_grad": "nothing: every node keeps it",
    "grad_fn": "x.op, the operation, and x.parents", "detach_": "x = x.detach()",
    "zero_grad": "autograd.zero_grad(x), or x.grad = 0.0", "zero_": "x.data = 0.0",
    **dict.fromkeys(["fill_", "copy_", "set_", "random_"], "x.data = number"),
    **{name + "_": f"x = x {sign} y, or x.data {sign}= number" for name, sign in
       {"add": "+", "sub": "-", "mul": "*", "div": "/", "subtract": "-", "multiply": "*", "divide": "/",
        "true_divide": "/"}.items()},
    **{name + "_": f"x = x {sign} y" for name, sign in
       (("pow", "**"), ("remainder", "%"), ("floor_divide", "//"))}, "fmod_": "x = x.fmod(y)",
    "uniform_": "x.data = random.uniform(a, b)", "normal_": "x.data = random.gauss(mean, std)",
    **{name: f"nn.{title}()(x), or the formula" for name, title in
       (("mish", "Mish"), ("softsign", "Softsign"), ("hardsigmoid", "Hardsigmoid"),
        ("hardswish", "Hardswish"), ("celu", "CELU"), ("tanhshrink", "Tanhshrink"),
        ("softshrink", "Softshrink"), ("hardshrink", "Hardshrink"), ("threshold", "Threshold"))},
    "frac": "x - x.trunc()", "positive": "+x", "float_power": "x ** y",
    **dict.fromkeys(["clamp_", "clip_"], "x = x.clamp(low, high)"), "neg_": "x = -x",
    "nan_to_num": "autograd.where(math.isnan(x.data), 0.0, x)",
    "igamma": "autograd.gammainc(a, x)", "igammac": "1.0 - autograd.gammainc(a, x)",
    "mvlgamma": "the sum of autograd.lgamma(x - i / 2) for i in range(p)",
    "ndtr": "0.5 * autograd.erfc(-x / math.sqrt(2.0))",
    "log_ndtr": "autograd.logerfc(-x / math.sqrt(2.0)) - math.log(2.0)",
    **{f"bessel_{name}": f"autograd.{name}(x)" for name in ("j0", "j1", "y0", "y1")},
    "retain_graph": "nothing: a graph is kept as long as its nodes are", "numpy_": "x.data",
    **dict.fromkeys(["prev", "_parents", "inputs", "operands", "args"], "x.parents"),
    **dict.fromkeys(["_grad", "derivative", "dx", "deriv"], "x.grad"), "_data": "x.data",
    **dict.fromkeys(["_label", "_name"], "x.label"),
    # SymPy, and float
    "evalf": "x.data", "diff": "autograd.gradients(y, x)", "backprop": "x.backward()",
    "subs": "a function of the number, f(2.0) and f(3.0)", "lambdify": "a function of numbers or Values",
    **{name: f"x.data.{name}()" for name in ("is_integer", "hex")},
    # JAX, micrograd's forks, and others
    "at": "a list of Values, and assign to its elements", "value": "x.data", "val": "x.data",
    "swish": "x.silu()", "ln": "x.log()", "logistic": "x.sigmoid()", "hard_tanh": "x.hardtanh()",
    "gradient": "x.grad", "children": "x.parents", "name": "x.label",
}  # fmt: skip


class _Refused:
    """A name that a node has not, with what to write."""

    def __init__(self, name: str, instead: str) -> None:
        self.name, self.instead = name, instead
        self.__doc__ = f"Not here; write {instead}."

    def __get__(self, node: Any, owner: Any = None) -> NoReturn:
        asked = "numpy" in sys.modules and refusal_of_question(sys._getframe(1))
        raise AttributeError(asked or gettext(
            "a Value has no {name}; write {instead}",
            name=repr(self.name), instead=gettext(self.instead),
        ), name=self.name, obj=node)  # fmt: skip


class Elsewhere:
    """Names of methods in other libraries.

    Those that NumPy's loops over objects call work; the others say what to write.
    """

    __slots__ = ()

    def __dir__(self) -> list[str]:
        kinds = type(self).__mro__
        own = {name for kind in kinds if kind is not Elsewhere for name in vars(kind)}
        foreign = vars(Elsewhere).keys() - own
        return [name for name in object.__dir__(self) if name not in foreign]


class _Spelled:
    """A method by the name that NumPy's loops over arrays of objects call."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__doc__ = f"As NumPy's {name}."

    def __get__(self, node: Any, owner: Any = None) -> Any:
        return self if node is None else partial(counterpart(self.name), node)


_FUNCTIONS_ONLY: Final = {
    name: f"autograd.{op.signature()}"
    for name, op in ops.TABLE.items()
    if op.arity > 0 and not op.auxiliary and not hasattr(Operators, name)
}
_IN_PLACE: Final = {
    f"{name}_": f"x = x.{name}()"
    for name, op in ops.TABLE.items()
    if op.arity == 1 and not op.auxiliary and hasattr(Operators, name)
}
"""What PyTorch computes in place, by a method whose name ends so."""
for _name, _to_write in (_FUNCTIONS_ONLY | _IN_PLACE | _METHODS).items():
    setattr(Elsewhere, _name, _Refused(_name, _to_write))
for _name in _LOOPS:
    setattr(Elsewhere, _name, _Spelled(_name))


_NO_ARRAYS: Final = "a list of Values, or a NumPy array given to autograd.grad(f)"
_FUNCTIONS: Final = {
    # PyTorch
    **dict.fromkeys(["Engine", "tensor", "as_tensor", "from_numpy", "Tensor", "Variable", "Parameter"],
                    "autograd.Value(number), or [autograd.Value(x) for x in numbers]"),
    **dict.fromkeys(["zeros", "ones", "empty", "full", "arange", "linspace", "eye", "rand", "randn", "array",
                     "asarray", "zeros_like", "ones_like", "diag", "append", "broadcast_to", "expand_dims",
                     "squeeze", "transpose", "argsort", "sort", "full_like", "column_stack", "empty_like",
                     "identity", "logspace", "geomspace", "meshgrid", "flip", "roll", "tile", "repeat",
                     "split", "ravel", "flatten", "unsqueeze", "permute", "pad", "trace", "diagonal",
                     "tril", "triu", "atleast_1d", "atleast_2d", "moveaxis", "swapaxes", "unique", "gather",
                     "searchsorted", "histogram", "concat", "fromfunction", "ndarray", "shape", "size",
                     "ndim", "astype", "topk", "rollaxis", "vander", "argwhere", "nonzero"],
                    _NO_ARRAYS),
    **dict.fromkeys(["randint", "randperm", "bernoulli", "multinomial", "normal"], "random.Random(seed)"),
    **dict.fromkeys(["stack", "cat", "concatenate", "vstack", "hstack", "reshape"], _NO_ARRAYS),
    **dict.fromkeys(["matmul", "mm", "mv", "tensordot", "einsum"], "autograd.dots(rows, vector)"),
    "Function": "autograd.custom_op(name, value, partials)",
    "backward": "y.backward()", "enable_grad": "what follows outside of the `with autograd.no_grad():` block",
    "inference_mode": "autograd.no_grad", "set_grad_enabled": "with autograd.no_grad():",
    "set_detect_anomaly": "autograd.detect_anomaly()",
    "manual_seed": "rng=random.Random(seed), which each function that draws takes",
    "gradcheck": "autograd.testing.gradcheck", "gradgradcheck": "autograd.testing.gradcheck(f, x, order=2)",
    "check_grads": "autograd.testing.check_grads",
    **dict.fromkeys(["vmap", "pmap"], "autograd.compile(f, batch=True), or a list comprehension"),
    "jit": "autograd.compile", "script": "autograd.compile(f)",
    **dict.fromkeys(["functional", "func", "special"],
                    "autograd itself: its functions take numbers and Values"),
    "random": "random.Random(seed), or NumPy's generators",
    "make_jaxpr": "step = autograd.compile(f), a call of it, and step.python_source",
    "nn": "import nn, and nn.MLP; functions such as relu and softmax are in autograd",
    **dict.fromkeys(["Module", "Linear", "MLP", "Neuron", "Layer"], "import nn, and nn.MLP"),
    **dict.fromkeys(["optim", "SGD", "Adam", "RMSprop"], "import nn, and nn.optim.SGD"),
    # JAX, and the packages that are called autograd too
    **dict.fromkeys(["custom_jvp", "custom_vjp", "custom_gradient", "primitive", "defvjp", "defjvp"],
                    "autograd.custom_op(name, value, partials)"),
    "remat": "autograd.checkpoint",
    "linearize": "autograd.jvp(f, primals, tangents)", "linear_transpose": "autograd.vjp(f, *primals)[1]",
    "make_jvp": "autograd.jvp(f, primals, tangents)", "make_vjp": "autograd.vjp(f, *primals)",
    **dict.fromkeys(["hessian_vector_product", "make_hvp", "hessian_tensor_product"],
                    "autograd.hvp(f, (x,), (v,))"),
    **dict.fromkeys(["elementwise_grad", "derivative", "deriv", "diff", "egrad"],
                    "autograd.grad(f)(x), or [autograd.grad(f)(x) for x in xs]"),
    "laplacian": "sum(h[i][i] for i in range(n)) with h = autograd.hessian(f)(xs)",
    "numpy": "import numpy, whose functions take the arrays of nodes that autograd.grad(f) gives to f",
    "scipy": "import scipy: scipy.special takes nodes, and scipy.optimize takes autograd.grad(f)",
    "lax": "autograd itself: autograd.stop_gradient, and Python's own loops",
    "engine": "from autograd import Value", "tree_map": "a comprehension over lists and dicts",
    **dict.fromkeys(["tree", "tree_util", "tree_leaves", "tree_flatten"],
                    "a comprehension over lists and dicts"),
    **dict.fromkeys(["rand_like"], "random.Random(seed)"),
    **dict.fromkeys(["scan", "fori_loop", "while_loop", "cond", "switch"],
                    "Python's own for, while and if, or autograd.where(condition, a, b)"),
    **dict.fromkeys(["eval_shape", "xla_computation"],
                    "program = autograd.compile(f), call it, and print(program.source())"),
    **dict.fromkeys(["GradientTape", "Tape"],
                    "y.backward() and x.grad: what is computed with Values is recorded"),
    **dict.fromkeys(["enable_x64", "config", "set_default_dtype"], "nothing: all numbers are doubles"),
    **dict.fromkeys(["debug", "debug_nans", "debug_infs"],
                    "print(x) in the function, or with autograd.detect_anomaly():"),
    **dict.fromkeys(["device_put", "device_get", "block_until_ready", "devices", "local_devices",
                     "device_count", "local_device_count", "default_device", "default_backend", "cuda"],
                    "nothing: numbers are Python's, and autograd.compile(f, backend='xla') runs on devices"),
    **dict.fromkeys(["shard_map", "make_mesh", "sharding", "distributed"],
                    "autograd.compile(f, batch=True, backend='xla')"),
    "disable_jit": "f itself: only what autograd.compile(f) returns is compiled",
    "pure_callback": "autograd.custom_op(name, value, partials)",
    "one_hot": "nn.data.one_hot",
    **dict.fromkeys(["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "nll_loss", "cross_entropy",
                     "binary_cross_entropy", "binary_cross_entropy_with_logits"],
                    "import nn, and a function of nn.losses"),
    **dict.fromkeys(["dropout", "embedding", "linear", "layer_norm", "batch_norm", "conv2d", "max_pool2d",
                     "avg_pool2d"], "import nn, and a module such as nn.Linear, nn.Dropout or nn.Conv2d"),
    "holomorphic_grad": "autograd.grad(f), of real functions",
    "is_grad_enabled": "nothing: all is recorded but for what is in a with autograd.no_grad(): block",
    "autograd": "autograd itself: autograd.gradients(y, [x])",
    "gradient": "autograd.grad(f)(x), or autograd.gradients(y, [x])",
    "frac": "x - autograd.trunc(x)",
    # NumPy and math
    **{name: f"autograd.{ours}" for name, ours in OTHER_NAMES.items()},
    "power": "autograd.pow", "absolute": "autograd.abs", "add": "a + b", "subtract": "a - b",
    "multiply": "a * b", "divide": "a / b", "true_divide": "a / b", "negative": "-x",
    "remainder": "a % b", "ln": "autograd.log", "pi": "math.pi",
    "e": "math.e", "inf": "math.inf", "nan": "math.nan", "isnan": "math.isnan(x.data)",
    "isfinite": "math.isfinite(x.data)", "isinf": "math.isinf(x.data)", "fsum": "autograd.sum",
    "var": "autograd.mean([(x - m) ** 2 for x in xs]) with m = autograd.mean(xs)",
    "std": "autograd.mean([(x - m) ** 2 for x in xs]) ** 0.5 with m = autograd.mean(xs)",
    "argmax": "max(range(len(xs)), key=xs.__getitem__)",
    **dict.fromkeys(["allclose", "isclose", "array_equal"], "math.isclose(a, b)"),
    "linalg": "autograd.norm and autograd.dots, or numpy.linalg over arrays of Values",
    "outer": "[[a * b for b in ys] for a in xs]", "polyval": "functools.reduce(lambda y, c: y * x + c, cs)",
    "argmin": "min(range(len(xs)), key=xs.__getitem__)", "cumsum": "itertools.accumulate(xs)",
    "cumprod": "itertools.accumulate(xs, operator.mul)", "ptp": "autograd.max(xs) - autograd.min(xs)",
    "average": "autograd.dot(weights, xs) / autograd.sum(weights)", "amax": "autograd.max",
    "amin": "autograd.min", "around": "autograd.round", "floor_divide": "a // b", "mod": "a % b",
    **dict.fromkeys(["inner", "vdot", "vecdot"], "autograd.dot(a, b)"), "positive": "+x",
    **{f"nan{name}": f"autograd.{name}([x for x in xs if not math.isnan(x.data)])"
       for name in ("sum", "mean", "max", "min", "prod")},
    "median": "sorted(xs)[len(xs) // 2]", "not_equal": "a.data != b.data",
    "any": "any(x.data for x in xs)", "all": "all(x.data for x in xs)", "vectorize": "[f(x) for x in xs]",
    "logical_and": "bool(a.data) & bool(b.data)", "logical_or": "bool(a.data) | bool(b.data)",
    "logical_not": "not x.data", "logical_xor": "bool(a.data) ^ bool(b.data)",
    "kron": "[a * b for a in xs for b in ys]",
    "cross": "[a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]",
    "signbit": "math.copysign(1.0, x.data) < 0.0", "nextafter": "math.nextafter(x.data, y)",
    "convolve": "[autograd.dot(kernel, xs[i : i + n]) for i in range(len(xs) - n + 1)]",
    "divmod": "divmod(a, b)", **dict.fromkeys(["real", "conj", "conjugate"], "+x"), "float_power": "a ** b",
    # SciPy's special functions, and Julia's
    "loggamma": "autograd.lgamma", "logbeta": "autograd.betaln", "logistic": "autograd.sigmoid",
    **INSTEAD, "dawson": "autograd.dawsn", "besselk": "autograd.kn(n, x)",
    "airy_ai": "autograd.airyai", "airyaiprime": "autograd.airyai(x, 1)",
    "airybiprime": "autograd.airybi(x, 1)", "log_erfc": "autograd.logerfc",
    "log1pexp": "autograd.softplus", "xlogx": "autograd.xlogy(x, x)", "abs2": "autograd.square",
    "inv": "autograd.reciprocal", "mod2pi": "x % (2.0 * math.pi)", "ldexp": "x * 2.0**n",
    **dict.fromkeys(["fma", "muladd"], "a * b + c"), "ifelse": "autograd.where",
    **dict.fromkeys(["exp1", "expint"], "autograd.expn(1, x)"),
    **{f"{name}dg": f"autograd.{name}d" for name in ("sin", "cos", "tan")},
    **{f"{name}d": f"1.0 / autograd.{of}d(x)" for name, of in
       (("sec", "cos"), ("csc", "sin"), ("cot", "tan"))},
    **{f"a{name}d": f"autograd.degrees(autograd.a{name}(x))" for name in
       ("sin", "cos", "tan", "sec", "csc", "cot")},
    **{f"arc{name}": f"autograd.a{name}" for name in ("sec", "csc", "cot", "sech", "csch", "coth")},
    "swish": "autograd.silu", "rsqrt": "1.0 / autograd.sqrt(x)",
    "heaviside": "autograd.where(x > 0.0, 1.0, 0.0)", "sgn": "autograd.sign",
    "dist": "autograd.norm([a - b for a, b in zip(p, q)])",
    # Python's math
    "factorial": "autograd.gamma(n + 1.0)", "perm": "autograd.gamma(n + 1.0) / autograd.gamma(n - k + 1.0)",
    "comb": "1.0 / ((n + 1.0) * autograd.beta(n - k + 1.0, k + 1.0))", "ulp": "math.ulp(x.data)",
    "sumprod": "autograd.dot(ws, xs)", "tau": "math.tau",
    **{name: f"math.{name}" for name in ("gcd", "lcm", "isqrt")},
}  # fmt: skip


MODULES: Final = ("func", "functional", "lax", "special")
"""Modules of other libraries whose functions are in `autograd` itself."""


class Imports:
    """A finder that has no module, but answers for one that other libraries have as for an attribute.

    It stands last in ``sys.meta_path``, so that nobody else has found what it is asked for.

    Parameters
    ----------
    package
        The package whose modules it answers for.
    instead
        Tells what to write for a name, or nothing.

    Examples
    --------
    >>> Imports("autograd", told).find_spec("autograd.engine")
    Traceback (most recent call last):
        ...
    ModuleNotFoundError: there is no autograd.engine; write from autograd import Value
    """

    def __init__(self, package: str, instead: Callable[[str], str]) -> None:
        self.package, self.instead = package, instead

    def find_spec(self, name: str, *_: Any) -> None:
        """Raise ModuleNotFoundError for a name of another library; nothing is found for any other."""
        package, part = name.rpartition(".")[::2]
        if package == self.package and (said := self.instead(part)):
            # Python keeps to itself what a module of that very name says to ``from autograd import numpy``.
            raise ModuleNotFoundError(gettext("there is no {name}", name=name) + told_instead(said))


def told(name: str) -> str:
    """Return what to write in place of ``autograd.NAME``; empty where nothing is known."""
    write = _FUNCTIONS.get(name) or REFUSED.get(name)
    return f"write {write}" if write else ""


def synonym(name: str) -> str:
    """Return our name of what another library calls otherwise and is the same; empty where it is not.

    Examples
    --------
    >>> synonym("arcsin"), synonym("heaviside")
    ('asin', '')
    """
    package, _, ours = _FUNCTIONS.get(name, "").partition(".")
    return ours if package == "autograd" and ours.isidentifier() else ""


def missing(name: str, names: Any) -> str:
    """Return the message for a name that the package has not.

    Parameters
    ----------
    name
        What was asked for.
    names
        The names that there are.

    Examples
    --------
    >>> missing("rsqrt", ["sqrt"])
    "module 'autograd' has no attribute 'rsqrt'; write 1.0 / autograd.sqrt(x)"
    >>> missing("sigmod", ["sigmoid", "sin"])
    "module 'autograd' has no attribute 'sigmod'; did you mean autograd.sigmoid?"
    """
    message = gettext("module {module} has no attribute {name}", module="'autograd'", name=repr(name))
    if remedy := told(name):
        return message + told_instead(remedy)
    from difflib import get_close_matches

    near = [] if name.startswith("_") else get_close_matches(name, sorted(names), 1, 0.75)
    return message + gettext("; did you mean autograd.{name}?", name=near[0]) if near else message
