"""What people type without reading the docs: what works, with its number, and what names the remedy."""

import copy
import dataclasses
import fractions
import functools
import itertools
import json
import math
import operator
import pickle
import random
import statistics
from decimal import Decimal

import pytest

import autograd
import nn
from autograd import Value

WORKS = """
x + 1 = 3 | 1 + x = 3 | x - 1 = 1 | 1 - x = -1 | x * 2 = 4 | 2 * x = 4 | x / 2 = 1 | 1 / x = 0.5
x // 2 = 1 | 7 // x = 3 | x % 2 = 0 | 7 % x = 1 | divmod(x, 2)[0] = 1 | divmod(7, x)[1] = 1 | x**2 = 4
2**x = 4 | x**y = 8 | x**-1 = 0.5 | x**0.5 = 1.4142135623730951 | -x = -2 | +x = 2 | abs(z) = 1.5
round(z) = -2 | round(Value(2.345), 2) = 2.35 | int(x) = 2 | float(x) = 2 | bool(x) = 1
complex(x).real = 2 | x < y = 1 | x == 2.0 = 1 | x != y = 1 | x >= 2 = 1 | 1 < x < 5 = 1
sorted(xs)[0] = -1.5 | sorted(xs, reverse=True)[0] = 3 | max(xs) = 3 | min(xs) = -1.5 | max(x, 0) = 2
sum(xs) = 3.5 | sum(xs) / len(xs) = 1.1666666666666667 | math.sqrt(x) = 1.4142135623730951
math.floor(x) = 2 | math.ceil(z) = -1 | math.trunc(z) = -1 | math.fsum(xs) = 3.5 | math.prod(xs) = -9
math.isclose(x, 2.0) = 1 | math.hypot(x, y) = 3.605551275463989 | math.isnan(x) = 0
x * fractions.Fraction(1, 2) = 1 | fractions.Fraction(1, 2) * x = 1 | Value(fractions.Fraction(1, 4)) = 0.25
Value(True) = 1 | ([x] * 3)[2] = 2 | ([x] + [y])[1] = 3 | {x: 1}[x] = 1 | len({x, y, x}) = 2 | x in xs = 1
xs.index(y) = 1 | xs.count(x) = 1 | copy.copy(x) = 2 | copy.deepcopy(xs)[1] = 3
pickle.loads(pickle.dumps(x)) = 2 | functools.reduce(operator.add, xs) = 3.5
list(itertools.accumulate(xs))[2] = 3.5 | list(zip(xs, "abc"))[0][0] = 2
statistics.median(xs) = 2 | random.choice([x]) = 2
sum(map(float, xs)) = 3.5 | random.uniform(x, x) = 2 | sum(v.data for v in xs) = 3.5
sum(a * b for a, b in zip(xs, xs)) = 15.25 | any(xs) = 1 | all(xs) = 1 | P(x).v = 2
dataclasses.asdict(P(x))["v"] = 2 | P(x) == P(x) = 1 | x.item() = 2 | x.detach() = 2
len(range(int(x))) = 2 | x.real = 2 | x.imag = 0 | x.conjugate() = 2 | x.sin() = 0.9092974268256817
autograd.sin(2.0) = 0.9092974268256817 | x.pow(2) = 4 | autograd.max(xs) = 3 | autograd.max(x, y) = 3
autograd.mean(xs) = 1.1666666666666667 | autograd.grad(lambda x: x**2)(3) = 6
autograd.grad(lambda x: 5.0)(3.0) = 0 | autograd.gradients(x * x, x) = 4 | 1 / Value(0.0) = inf
Value(0.0) ** -1 = inf | autograd.exp(1000) = inf | autograd.log(0) = -inf | x**10000 = inf
float("%.2f" % z) = -1.5 | float(f"{z:>10.2f}") = -1.5 | float("{:.1e}".format(x)) = 2 | "%d" % x == "2" = 1
str(x) == f"{x}" == "%s" % x = 1 | json.loads(json.dumps([v.data for v in xs]))[2] = -1.5 | (x and y) = 3
(x or y) = 2 | (not x) = 0 | next(v for v in xs if v < 0) = -1.5 | max(xs, key=abs) = 3 | xs[int(x)] = -1.5
isinstance(x, Value) = 1
nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))([x, y]).backward() or 1 = 1
nn.MSELoss()([x], [1.0]) = 1 | nn.CrossEntropyLoss()([x, x], 1) = 0.6931471805599453
len(nn.MLP(3, [4, 4, 1]).parameters()) = 41 | nn.Linear(2, 1, bias=False)([x, y]).requires_grad = 1
nn.Dropout(0.5).eval()([x])[0] = 2 | len(nn.Sequential(nn.Linear(2, 1))) = 1
autograd.grad(autograd.grad(lambda x: x**3))(2.0) = 12
autograd.grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)[1] = 2
autograd.grad(lambda p: p["w"] * p["b"])({"w": 2.0, "b": 3.0})["w"] = 3
autograd.value_and_grad(lambda x: x**2)(3.0)[1] = 6 | autograd.jvp(lambda x: x**2, (3.0,), (1.0,))[1] = 6
autograd.vjp(lambda x: x**2, 3.0)[0] = 9 | autograd.hessian(lambda v: v[0] ** 2 * v[1])([1.0, 2.0])[0][1] = 2
autograd.jacfwd(lambda v: [v[0] ** 2, v[1]])([1.0, 2.0])[0][0] = 2
autograd.grad(lambda x: (x**2, x), has_aux=True)(3.0)[0] = 6 | autograd.checkpoint(lambda x: x**2)(3.0) = 9
autograd.softmax(xs, dim=0)[0] = 0.2667748554748152
autograd.log_softmax(xs, axis=-1)[1] = -0.32135021422901255
autograd.clamp(x, min=0, max=1.5) = 1.5 | autograd.leaky_relu(z, negative_slope=0.5) = -0.75
autograd.round(Value(2.345), decimals=2) = 2.35 | Value(2.345).round(decimals=2) = 2.35
autograd.logsumexp(xs, dim=-1) = 3.3213502142290126 | autograd.softmax([1.0, 1.0], axis=-1)[0] = 0.5
autograd.sum(xs, axis=0) = 3.5 | autograd.mean(xs, dim=0) = 1.1666666666666667
autograd.max(xs, axis=-1) = 3 | autograd.softmax([x, x], -1)[1] = 0.5 | autograd.prod(xs, axis=None) = -9
autograd.norm(xs, 2) = 3.905124837953327 | autograd.min(xs, dim=0, keepdim=False) = -1.5
autograd.mean(xs, keepdims=False) = 1.1666666666666667 | autograd.jit(lambda x: x * x)(3.0) = 9
autograd.psi(1.0) = -0.5772156649015329 | autograd.gammaln(5.0) = 3.1780538303479458
autograd.expit(0.0) = 0.5 | autograd.special.erf(0.0) = 0 | autograd.func.grad(autograd.sin)(0.0) = 1
nn.functional.softmax(xs, dim=-1)[0] = 0.2667748554748152 | nn.functional.relu(z) = 0
nn.functional.cross_entropy([x, x], 1) = 0.6931471805599453
nn.functional.softplus(0.0, beta=2.0) = 0.34657359027997264
nn.functional.mse_loss([x], [0.0], reduction="sum") = 4
nn.functional.leaky_relu(z, negative_slope=0.5) = -0.75
autograd.grad(lambda x: autograd.lax.stop_gradient(x) * x)(2.0) = 2
autograd.arctan2(1.0, 1.0) = 0.7853981633974483 | autograd.clip(z, 0.0, 1.0) = 0 | autograd.swish(0.0) = 0
autograd.power(x, y) = 8 | autograd.absolute(z) = 1.5 | Value(2.0, requires_grad=True) = 2
len(nn.LSTM(input_size=2, hidden_size=3, batch_first=True)([[0.1, 0.2], [0.3, 0.4]])[0]) = 2
autograd.stop_gradient(3.0) = 3 | sum((1 + -t * v).relu() for t, v in zip([1, -1], xs)) = 4
"""
NUMPY = """
np.float32(2) * x = 4 | x * np.float64(2) = 4 | np.int64(3) + x = 5 | np.sin(x) = 0.9092974268256817
np.exp(x) = 7.38905609893065 | np.sqrt(x) = 1.4142135623730951 | np.maximum(x, 0) = 2
np.mean(xs) = 1.1666666666666667 | np.sum(xs) = 3.5 | np.argmax(xs) = 1 | np.dot([1.0, 2.0], [x, y]) = 8
np.float64(x) = 2 | np.array([v.data for v in xs])[2] = -1.5 | Value(np.float32(0.5)) = 0.5
autograd.grad(lambda x: np.sin(x))(0.0) = 1
"""
REFUSED = """
x * Decimal("0.5") -> float(x) | Value(Decimal("0.25")) -> float(x) | Value("2.0") -> float(text)
Value(1 + 2j) -> take .real | Value(None) -> returned nothing | Value([1.0, 2.0]) -> [Value(x) for x in xs]
Value(x) -> v.detach() | x + "a" -> float(text) | x + [1] -> [Value(x) for x in xs]
x * [1, 2] -> [Value(x) for x in xs] | range(x) -> int(x.data) | "ab"[x] -> int(x.data)
statistics.fmean(xs) -> autograd.mean(values)
statistics.mean(xs) -> autograd.mean(values) | statistics.stdev(xs) -> [v.data for v in values]
x.numpy() -> x.data | x.tolist() -> x.data | x.sum() -> autograd.sum([a, b, c]) | x.shape -> one number
x.zero_grad() -> x.grad = 0.0 | x.value -> x.data | x.gradient -> x.grad | x.evalf() -> x.data
x.diff(y) -> autograd.gradients(y, x) | x.subs(y, 1) -> a function of the number
x.backprop() -> x.backward() | x.is_integer() -> x.data.is_integer() | x.hex() -> x.data.hex()
autograd.sum(x, y) -> sum([a, b, c]) | autograd.sin([1.0, 2.0]) -> [Value(x) for x in xs]
autograd.grad(lambda x: math.sin(x))(1.0) -> autograd's function in place of math's
autograd.grad(lambda x: float(x))(1.0) -> x.detach()
autograd.grad(lambda x: x > 2)(3.0) -> autograd.where(condition, a, b)
autograd.grad(lambda x: None)(3.0) -> return statement | autograd.grad(x * x)(1.0) -> grad(f)
autograd.tensor -> autograd.Value | autograd.vmap -> batch=True
autograd.sum([xs, xs], axis=1) -> [autograd.sum(row) for row in rows]
autograd.mean([xs, xs], dim=0) -> [autograd.mean(column) for column in zip(*rows)]
autograd.max(xs, dim=1) -> [autograd.max(row) for row in rows]
autograd.norm(xs, p=1) -> autograd.abs(x) ** p | autograd.mean(xs, keepdims=True) -> [autograd.mean(xs)]
autograd.std(xs, dim=0) -> with m = autograd.mean(xs) | autograd.var(xs) -> with m = autograd.mean(xs)
autograd.argmax(xs, axis=0) -> max(range(len(xs)), key=xs.__getitem__)
autograd.lax.scan -> no attribute 'scan' | autograd.tree_map -> a comprehension
x.numel() -> len(model.parameters()) | x.requires_grad_(False) -> an optimizer changes what it is given
autograd.grad(lambda v: v * v, 3.0) -> write grad(f)(x)
autograd.jacobian(sum, [1.0]) -> write jacobian(f)(x)
autograd.hessian(sum, x) -> write hessian(f)(x) | autograd.value_and_grad(sum, None) -> value_and_grad(f)(x)
autograd.grad(x * x, x, create_graph=True) -> gradients(y, [x], create_graph=True)
nn.Linear(2, 1)([[1.0, 2.0], [3.0, 4.0]]) -> [model(x) for x in samples]
autograd.random -> random.Random(seed)
autograd.make_jaxpr -> python_source | nn.save -> model.save(path)
nn.Linear(2, 1).weight -> named_parameters() | nn.Linear(2, 1).in_features -> layer.nin
nn.Linear(2, 1).out_features -> len(layer.neurons) | nn.Linear(2, 1).to("cpu") -> nothing
nn.MLP(2, [1]).children() -> module.modules() | nn.MLP(2, [1]).register_buffer -> self.name = ...
nn.init.xavier_uniform_ -> init='xavier_uniform' | nn.utils.clip_grad_norm_ -> nn.optim
nn.functional.dropout -> nn.Dropout | nn.KLDivLoss -> a function of Values
autograd.nn.relu -> relu and softmax are in autograd | autograd.config -> all numbers are doubles
autograd.debug -> autograd.detect_anomaly() | autograd.device_put -> backend='xla'
autograd.mse_loss -> nn.losses | autograd.dropout -> nn.Dropout | autograd.one_hot -> nn.data.one_hot
nn.DataLoader -> nn.data.batches(x, y, 32) | autograd.save(nn.MLP(2, [1]), "m") -> model.save(path)
autograd.allclose -> math.isclose(a, b) | autograd.linalg -> autograd.norm and autograd.dots
autograd.outer -> [a * b for b in ys] for a in xs]
autograd.pi -> math.pi | Value(10**400) -> scale it down | Value(2.0, x) -> Value(data, (x,), 'name')
"""


@dataclasses.dataclass
class P:
    v: object


MODULES = [
    autograd, copy, dataclasses, fractions, functools, itertools, json, math, nn, operator, pickle, random,
    statistics,
]  # fmt: skip


def entries(table, sign):
    found = table.replace("\n", " | ").split(" | ")
    return [tuple(entry.strip().rsplit(sign, 1)) for entry in found if entry]


def evaluated(snippet, **more):
    names = dict(zip("xyz", map(Value, (2.0, 3.0, -1.5)), strict=True))
    more |= {module.__name__: module for module in MODULES}
    more |= {"Value": Value, "Decimal": Decimal, "P": P, "xs": list(names.values())}
    return eval(snippet, {**names, **more})


@pytest.mark.parametrize(("snippet", "number"), entries(WORKS, " = "))
def test_what_works(snippet, number):
    assert float(evaluated(snippet)) == pytest.approx(float(number), rel=1e-15)


@pytest.mark.parametrize(("snippet", "number"), entries(NUMPY, " = "))
def test_what_works_with_numpy(snippet, number):
    np = pytest.importorskip("numpy")
    assert float(evaluated(snippet, np=np)) == pytest.approx(float(number), rel=1e-15)


@pytest.mark.parametrize(("snippet", "remedy"), entries(REFUSED, " -> "))
def test_what_is_refused_names_the_remedy(snippet, remedy):
    with pytest.raises((TypeError, ValueError, AttributeError, OverflowError)) as refused:
        evaluated(snippet)
    assert remedy in str(refused.value)
