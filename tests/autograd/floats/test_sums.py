"""Sums of floats are the same to the bit on every version of Python; from 3.12 on the built-in sum
compensates."""

import random
from fractions import Fraction

import pytest

import autograd
import nn
from autograd import Value
from autograd.compiler import compile
from autograd.floats import many


def numbers(seed, count=40):
    rng = random.Random(seed)
    return [rng.gauss(0.0, 10.0 ** rng.randint(-6, 6)) for _ in range(count)]


def dot(xs, ys):
    return autograd.dot(list(map(Value, xs)), ys).data


def layer(xs, ys):
    made = nn.Layer(len(xs), 2, activation="tanh", rng=1)
    for p, x in zip(made.parameters(), [*xs, *ys], strict=False):
        p.data = 1e-10 * x
    return made(ys)[0].data


def gradient(xs, ys):
    w = list(map(Value, xs))
    autograd.square(autograd.dot(w, ys)).backward()
    return w[3].grad


def compiled(xs, ys):
    w = list(map(Value, xs))
    return compile(lambda: autograd.dot(w, ys), w, backend="python")()


BY_HAND = {
    "dot": dot, "layer": layer, "gradient": gradient, "dot of numbers": lambda xs, ys: many.dot(*xs, *ys),
    "total": lambda xs, ys: many.total(xs),
    "sum": lambda xs, ys: autograd.sum(list(map(Value, xs))).data, "mean": lambda xs,
    ys: autograd.mean(list(map(Value, xs))).data,
    "squared error": lambda xs, ys: nn.metrics.mean_squared_error(xs, ys), "absolute error": lambda xs,
    ys: nn.metrics.mean_absolute_error(xs, ys),
    "built-in": lambda xs, ys: sum(map(Value, xs)).data, "compiled": compiled,
}  # fmt: skip
WANTED = {
    "dot": ["-0x1.a0adde437c163p+33", "0x1.4044b3f920b4cp+34", "-0x1.21564e9049a6cp+28"],
    "layer": ["-0x1.c5181f15be529p-1", "0x1.f245be6548846p-1", "-0x1.f0ecc9f8b4779p-6"],
    "gradient": ["-0x1.7815e5f0f5959p+40", "0x1.8ce8dbd9d0071p+23", "0x1.8e71cbd35f711p+21"],
    "dot of numbers": ["-0x1.a0adde437c163p+33", "0x1.4044b3f920b4cp+34", "-0x1.21564e9049a6cp+28"],
    "total": ["-0x1.469ae9590a3bep+19", "0x1.2bf672d911f80p+18", "-0x1.305442d669c62p+18"],
    "sum": ["-0x1.469ae9590a3bfp+19", "0x1.2bf672d911f83p+18", "-0x1.305442d669c62p+18"],
    "mean": ["-0x1.0548baada1c99p+14", "0x1.dff0b7c1b659ep+12", "-0x1.e6ed37bd7609dp+12"],
    "squared error": ["0x1.84143e7872e38p+37", "0x1.acf5b754603cap+36", "0x1.52992dfb881d2p+36"],
    "absolute error": ["0x1.7432150f82d04p+17", "0x1.d57ab47b0bb85p+16", "0x1.812fb82be1cfbp+16"],
    "built-in": ["-0x1.469ae9590a3bep+19", "0x1.2bf672d911f80p+18", "-0x1.305442d669c62p+18"],
    "compiled": ["-0x1.a0adde437c163p+33", "0x1.4044b3f920b4cp+34", "-0x1.21564e9049a6cp+28"],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_same_bits_everywhere(name):
    found = [float(BY_HAND[name](numbers(seed), numbers(seed + 100))).hex() for seed in range(3)]
    assert found == WANTED[name]


def test_a_sum_adds_from_left_to_right():
    xs = [1e16, 1.0, 1.0, -1e16]
    assert many.total(xs) == 0.0
    assert many.dot_vectors(xs, [1.0] * 4) == 0.0
    assert many.total([]) == 0.0
    assert str(many.total([-0.0])) == str(many.dot_vectors([], [])) == "0.0"
    assert dot(xs, [1.0] * 4) == 0.0


TIE = [1.0, 2.0**-53]  # halfway between two floats
HARD = {
    "a tie": TIE, "above a tie": [*TIE, 2.0**-1074], "below a tie": [*TIE, -(2.0**-1074)],
    "an odd tie": [1.0 + 2.0**-52, 2.0**-53], "cancellation": [1e16, 1.0, -1e16, 2.0**-60],
    "all cancels": [0.1, 0.2, -0.1, -0.2], "large": [1.7e308, 1e292, -1.7e308, 3.0],
    "subnormal": [5e-324, 2.0**-1022, -(2.0**-1022), 5e-324], "small": [2.0**-1000, 2.0**-1053, 2.0**-1054],
    "zeros": [-0.0, -0.0],
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_a_sum_is_that_of_the_exact_numbers_rounded_once_wherever_it_lies(name):
    xs = HARD[name]
    assert autograd.sum([Value(0.0), *map(Value, xs)]).data == float(sum(map(Fraction, xs), Fraction(0)))


def test_sums_of_random_numbers_of_all_sizes_are_rounded_once():
    rng = random.Random(5)
    for _ in range(300):
        xs = [rng.gauss(0.0, 1.0) * 2.0 ** rng.randint(-60, 60) for _ in range(rng.randint(2, 12))]
        xs += [-x for x in xs[: rng.randint(0, len(xs))]]
        assert autograd.sum(list(map(Value, xs))).data == float(sum(map(Fraction, xs), Fraction(0)))
