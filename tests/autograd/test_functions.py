"""Functions over iterables: one node each, floats for floats, clear errors."""

import math

import pytest

import autograd
from autograd import Value

XS = [0.5, -1.5, 2.0, 0.25]


@pytest.mark.parametrize(
    ("function", "expected", "gradient"),
    [
        (autograd.sum, 1.25, [1.0] * 4),
        (autograd.mean, 0.3125, [0.25] * 4),
        (autograd.prod, -0.375, [-0.75, 0.25, -0.1875, -1.5]),
        (autograd.max, 2.0, [0.0, 0.0, 1.0, 0.0]),
        (autograd.min, -1.5, [0.0, 1.0, 0.0, 0.0]),
        (autograd.norm, math.hypot(*XS), [x / math.hypot(*XS) for x in XS]),
        (
            autograd.logsumexp,
            math.log(sum(map(math.exp, XS))),
            [math.exp(x) / sum(map(math.exp, XS)) for x in XS],
        ),
    ],
)
def test_reductions_are_one_node(function, expected, gradient):
    assert function(XS) == pytest.approx(expected, rel=1e-15)
    assert type(function(XS)) is float
    values = [Value(x) for x in XS]
    result = function(v for v in values)
    assert result.parents == tuple(values)
    assert result.data == function(XS)
    result.backward()
    assert [v.grad for v in values] == pytest.approx(gradient, rel=1e-15)


def test_softmax_and_log_softmax():
    values = [Value(x) for x in XS]
    p, logp = autograd.softmax(values), autograd.log_softmax(values)
    assert sum(v.data for v in p) == pytest.approx(1.0, rel=1e-15)
    assert [v.data for v in logp] == pytest.approx([math.log(v.data) for v in p], rel=1e-14)
    (-logp[2]).backward()
    assert [v.grad for v in values] == pytest.approx([q.data - (i == 2) for i, q in enumerate(p)], rel=1e-14)
    assert autograd.softmax([0.0, 0.0]) == [0.5, 0.5]


def test_dot_takes_any_iterables_and_keeps_tuples():
    w = (Value(1.0), Value(2.0))
    product = autograd.dot(w, iter([3.0, 4]))
    assert product.data == 11.0
    assert product.operands == (*w, 3.0, 4.0)
    assert product._a[0] is w
    assert autograd.dot([1.0, 2.0], [3.0, 4.0]) == 11.0
    assert autograd.dot([], []) == 0.0
    with pytest.raises(ValueError, match="one length, got 2 and 1"):
        autograd.dot(w, [1.0])
    with pytest.raises(TypeError, match="real number"):
        autograd.dot(w, ["a", 1.0])


@pytest.mark.parametrize("name", ["mean", "max", "min", "logsumexp", "softmax", "log_softmax"])
def test_of_nothing_is_an_error_where_it_means_nothing(name):
    with pytest.raises(ValueError, match="of nothing"):
        getattr(autograd, name)([])


def test_of_nothing_where_it_means_something():
    assert autograd.sum([]) == 0.0
    assert autograd.prod([]) == 1.0
    assert autograd.norm([]) == 0.0


@pytest.mark.parametrize(
    "name", ["sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "log_softmax"]
)
def test_numbers_side_by_side_are_refused_with_what_to_write(name):
    with pytest.raises(TypeError, match=rf"write {name}\(\[a, b, c\]\)"):
        getattr(autograd, name)(1.0)


def test_constants_among_nodes():
    x = Value(2.0)
    total = autograd.sum([x, 1, 2.5])
    assert total.operands == (x, 1.0, 2.5)
    largest = autograd.max([x, 2.0])
    largest.backward()
    assert x.grad == 0.5
