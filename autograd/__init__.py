"""Scalar automatic differentiation: nodes that remember how they were computed, and the chain rule over them.

Start with `Value` and its ``backward()``; the table of operations is in `autograd.ops`.
"""

from typing import TYPE_CHECKING, Any

from autograd.backward import adjoints, gradients, toposort, zero_grad
from autograd.calculus.checkpointing import checkpoint
from autograd.calculus.functional import (
    detach,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    register_hook,
    stop_gradient,
    value_and_grad,
    vjp,
)
from autograd.custom import custom_op
from autograd.elsewhere import missing as _missing
from autograd.errors import AnomalyError, GraphError, MissingDependencyError, TracingError
from autograd.keep.json import from_json, load, save, to_json
from autograd.lazy import LAZY as _LAZY
from autograd.lazy import lazy_import as _lazy_import
from autograd.many import dot, dots, log_softmax, logsumexp, max, mean, min, norm, prod, softmax, sum
from autograd.modes import detect_anomaly, no_grad, scope, sources
from autograd.ops import (
    ANY,
    TABLE,
    Op,
    abs,
    acos,
    acosh,
    acot,
    acoth,
    acsc,
    acsch,
    asec,
    asech,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    beta,
    betainc,
    betaln,
    cbrt,
    ceil,
    clamp,
    copysign,
    cos,
    cosd,
    cosh,
    cospi,
    cot,
    coth,
    csc,
    csch,
    degrees,
    digamma,
    elu,
    entr,
    equal,
    erf,
    erfc,
    erfcinv,
    erfinv,
    exp,
    exp2,
    exp10,
    expm1,
    expn,
    floor,
    fmod,
    gamma,
    gammainc,
    gammaincc,
    gelu,
    greater,
    greater_equal,
    hardtanh,
    hypot,
    kl_div,
    leaky_relu,
    less,
    less_equal,
    lgamma,
    log,
    log1mexp,
    log1p,
    log1pmx,
    log1psq,
    log2,
    log2mexp,
    log10,
    logaddexp,
    logexpm1,
    logit,
    logmxp1,
    logsigmoid,
    logsubexp,
    maximum,
    minimum,
    normal_cdf,
    normal_quantile,
    polygamma,
    pow,
    radians,
    reciprocal,
    rel_entr,
    relu,
    relu6,
    remainder,
    round,
    sec,
    sech,
    selu,
    sigmoid,
    sign,
    silu,
    sin,
    sinc,
    sind,
    sinh,
    sinpi,
    softplus,
    sqrt,
    square,
    tan,
    tand,
    tanh,
    trigamma,
    trunc,
    where,
    xlog1py,
    xlogy,
)
from autograd.value import Note, Value

if TYPE_CHECKING:
    __version__: str
    from autograd import compiler, render, testing
    from autograd.compiler import compile
    from autograd.render import (
        draw,
        draw_dot,
        explain,
        from_sympy,
        stepper,
        to_networkx,
        to_sympy,
        trace,
    )
    from autograd.versions import show_versions

__all__ = [
    "ANY",
    "TABLE",
    "AnomalyError",
    "GraphError",
    "MissingDependencyError",
    "Note",
    "Op",
    "TracingError",
    "Value",
    "abs",
    "acos",
    "acosh",
    "acot",
    "acoth",
    "acsc",
    "acsch",
    "adjoints",
    "asec",
    "asech",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "beta",
    "betainc",
    "betaln",
    "cbrt",
    "ceil",
    "checkpoint",
    "clamp",
    "compile",
    "copysign",
    "cos",
    "cosd",
    "cosh",
    "cospi",
    "cot",
    "coth",
    "csc",
    "csch",
    "custom_op",
    "degrees",
    "detach",
    "detect_anomaly",
    "digamma",
    "dot",
    "dots",
    "draw",
    "draw_dot",
    "elu",
    "entr",
    "equal",
    "erf",
    "erfc",
    "erfcinv",
    "erfinv",
    "exp",
    "exp2",
    "exp10",
    "explain",
    "expm1",
    "expn",
    "floor",
    "fmod",
    "from_json",
    "from_sympy",
    "gamma",
    "gammainc",
    "gammaincc",
    "gelu",
    "grad",
    "gradients",
    "greater",
    "greater_equal",
    "hardtanh",
    "hessian",
    "hvp",
    "hypot",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "kl_div",
    "leaky_relu",
    "less",
    "less_equal",
    "lgamma",
    "load",
    "log",
    "log1mexp",
    "log1p",
    "log1pmx",
    "log1psq",
    "log2",
    "log2mexp",
    "log10",
    "log_softmax",
    "logaddexp",
    "logexpm1",
    "logit",
    "logmxp1",
    "logsigmoid",
    "logsubexp",
    "logsumexp",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "no_grad",
    "norm",
    "normal_cdf",
    "normal_quantile",
    "polygamma",
    "pow",
    "prod",
    "radians",
    "reciprocal",
    "register_hook",
    "rel_entr",
    "relu",
    "relu6",
    "remainder",
    "round",
    "save",
    "scope",
    "sec",
    "sech",
    "selu",
    "show_versions",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinc",
    "sind",
    "sinh",
    "sinpi",
    "softmax",
    "softplus",
    "sources",
    "sqrt",
    "square",
    "stepper",
    "stop_gradient",
    "sum",
    "tan",
    "tand",
    "tanh",
    "to_json",
    "to_networkx",
    "to_sympy",
    "toposort",
    "trace",
    "trigamma",
    "trunc",
    "value_and_grad",
    "vjp",
    "where",
    "xlog1py",
    "xlogy",
    "zero_grad",
]  # fmt: skip


def _warn_of_the_other_package() -> None:
    """Say so where the unrelated package of this name on PyPI was installed into the same folder."""
    from os.path import dirname, exists, join

    if exists(join(dirname(__file__), "numpy", "__init__.py")):
        import warnings

        message = (
            f"the unrelated package autograd from PyPI lies in {dirname(__file__)} too, and uninstalling "
            "either breaks the other; run: pip uninstall autograd, then install chainrule once more (or use "
            "a fresh environment)"
        )
        # One line: a folder has no source to show.
        warnings.warn_explicit(message, RuntimeWarning, dirname(__file__), 1)


_warn_of_the_other_package()


if not TYPE_CHECKING:  # a name that is not there is an error to checkers

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name in ("compiler", "render", "testing"):
            return import_module(f"autograd.{name}")
        if name == "__version__":
            globals()[name] = found = import_module("autograd.versions").version_of("chainrule")
            return found
        if name in TABLE and hasattr(Value, name):  # a row that has a method is a function too
            return TABLE[name]
        if name not in _LAZY:
            raise AttributeError(_missing(name, __all__))
        globals()[name] = found = _lazy_import(name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
