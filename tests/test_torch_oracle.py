"""PyTorch in double precision as a second oracle, at ordinary points, where it is installed."""

import math
import random

import pytest

import autograd
from autograd import TABLE, Value

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's own, about the machine

# Our name -> PyTorch's function, where they differ.
FUNCTIONS = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atanh": "arctanh",
    "lgamma": "lgamma", "mod": "remainder", "floordiv": "floor_divide", "abs": "abs", "digamma": "digamma",
}  # fmt: skip
NN = {"leaky_relu", "elu", "selu", "softplus", "gelu", "silu", "relu6", "hardtanh", "logsigmoid"}
ONE = [
    "exp", "log", "log1p", "expm1", "log2", "log10", "exp2", "sqrt", "square", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh",
    "tanh", "asinh", "acosh", "atanh", "sigmoid", "logsigmoid", "relu", "leaky_relu", "elu", "selu",
    "softplus", "gelu", "silu", "relu6",
    "hardtanh", "erf", "erfc", "lgamma", "digamma", "abs", "sign", "floor", "ceil", "round", "reciprocal",
    "neg",
]  # fmt: skip
TWO = ["add", "sub", "mul", "div", "pow", "atan2", "hypot", "maximum", "minimum", "logaddexp", "mod"]
MANY = ["sum", "mean", "prod", "max", "min", "logsumexp", "norm"]


def theirs(name):
    if name == "logsigmoid":
        return torch.nn.functional.logsigmoid
    if name in NN:
        return getattr(torch.nn.functional, name)
    if name == "norm":
        return torch.linalg.vector_norm
    if name == "logsumexp":
        return lambda x: torch.logsumexp(x, 0)
    return getattr(torch, FUNCTIONS.get(name, name))


def points(name, count, rng):
    low, high = TABLE[name].domain[0]
    low, high = max(low, -4.0), min(high, 4.0)
    return [rng.uniform(low, high) for _ in range(count)]


def close(ours, other):
    return ours == pytest.approx(float(other), rel=2e-14, abs=1e-15)


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_operand(name):
    rng = random.Random(name)
    for at in points(name, 40, rng):
        x, t = Value(at), torch.tensor(at, dtype=torch.float64, requires_grad=True)
        ours, other = TABLE[name](x), theirs(name)(t)
        first = autograd.gradients(ours, x, create_graph=True)
        (their_first,) = torch.autograd.grad(other, t, create_graph=True)
        assert close(ours.data, other)
        # PyTorch's trigamma has nine right digits; mpmath is the oracle for ours.
        assert float(first) == pytest.approx(
            float(their_first), rel=1e-9 if name == "digamma" else 2e-14, abs=1e-15
        )
        if isinstance(first, Value) and their_first.requires_grad:
            (their_second,) = torch.autograd.grad(their_first, t)
            assert autograd.gradients(first, x) == pytest.approx(
                float(their_second), rel=1e-8 if "gamma" in name else 1e-11, abs=1e-12
            )


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_operands(name):
    rng = random.Random(name)
    for _ in range(40):
        a, b = rng.uniform(0.1, 4.0), rng.uniform(0.1, 4.0)
        x, y = Value(a), Value(b)
        t, u = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (a, b))
        ours, other = TABLE[name](x, y), theirs(name)(t, u)
        ours.backward()
        other.backward()
        assert close(ours.data, other)
        assert close(x.grad, t.grad)
        assert close(y.grad, u.grad)


@pytest.mark.parametrize("name", MANY)
def test_functions_of_many_operands(name):
    rng = random.Random(name)
    for count in (1, 2, 7):
        at = [rng.uniform(-3.0, 3.0) for _ in range(count)]
        xs, t = [Value(v) for v in at], torch.tensor(at, dtype=torch.float64, requires_grad=True)
        ours, other = getattr(autograd, name)(xs), theirs(name)(t)
        ours.backward()
        other.backward()
        assert close(ours.data, other)
        assert [x.grad for x in xs] == pytest.approx(t.grad.tolist(), rel=1e-13, abs=1e-15)


def test_micrograds_semantics_on_a_random_graph():
    rng = random.Random(7)
    leaves = [rng.uniform(-1.0, 1.0) for _ in range(5)]

    def build(nodes, tanh, relu, choose):
        for _ in range(200):
            a, b = choose.choice(nodes), choose.choice(nodes)
            nodes.append(
                choose.choice(
                    [lambda a=a, b=b: a + b, lambda a=a, b=b: a * b, lambda a=a: tanh(a), lambda a=a: relu(a)]
                )()
            )
        total = nodes[0]
        for node in nodes[-40:]:
            total = total + tanh(node)
        return total

    values = [Value(v) for v in leaves]
    tensors = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in leaves]
    ours = build(list(values), Value.tanh, Value.relu, random.Random(3))
    other = build(list(tensors), torch.tanh, torch.relu, random.Random(3))
    ours.backward()
    other.backward()
    assert ours.data == pytest.approx(float(other), rel=1e-13)
    assert [v.grad for v in values] == pytest.approx(
        [0.0 if t.grad is None else float(t.grad) for t in tensors], rel=1e-11
    )


def test_documented_differences():
    """Where this engine is right in the last digits and PyTorch returns 0."""
    for name, at, exact in (
        ("sigmoid", 40.0, math.exp(-40.0)),
        ("tanh", 20.5, 4.0 * math.exp(-41.0)),
        ("expm1", -40.0, math.exp(-40.0)),
    ):
        x, t = Value(at), torch.tensor(at, dtype=torch.float64, requires_grad=True)
        TABLE[name](x).backward()
        theirs(name)(t).backward()
        assert x.grad == pytest.approx(exact, rel=1e-15)
        assert float(t.grad) == 0.0
