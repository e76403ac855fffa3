"""Functions over iterables: one node each, floats for floats, clear errors."""

import inspect
import math

import pytest

import autograd
from autograd import Value, words

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


OF_MANY = ["sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "log_softmax"]
ROWS = [[Value(1.0), 2.0], [3.0, Value(4.0)]]


@pytest.mark.parametrize("name", OF_MANY)
def test_what_others_ask_of_arrays_is_taken_where_it_asks_for_nothing_of_one_list(name):
    function = getattr(autograd, name)
    usual = function(XS)
    for given in ({"axis": 0}, {"dim": -1}, {"axis": None, "keepdims": False}, {"dim": (0,), "dtype": float}):
        assert function(XS, **given) == usual
    names = inspect.signature(function).parameters.keys()
    assert "values" in names
    assert not {"axis", "theirs"} & names


@pytest.mark.parametrize("name", OF_MANY)
@pytest.mark.parametrize(
    ("values", "given", "instead"),
    [
        (XS, {"axis": 1}, "[autograd.{0}(row) for row in rows]"),
        (XS, {"keepdims": True}, "[autograd.{0}(xs)]"),
        (XS, {"keepdim": True}, "[autograd.{0}(xs)]"),
        (XS, {"dtype": int}, "nothing: every number is a float"),
        (XS, {"where": [True]}, "autograd.{0}([x for x, kept in zip(xs, where) if kept])"),
        (XS, {"colour": 3}, "autograd.{0}(xs)"),
        (ROWS, {"axis": 0}, "[autograd.{0}(column) for column in zip(*rows)]"),
        (ROWS, {"dim": -1}, "[autograd.{0}(row) for row in rows]"),
        (ROWS, {"dim": None}, "autograd.{0}([x for row in rows for x in row])"),
    ],
)
def test_what_others_ask_of_arrays_is_refused_by_name_with_what_to_write(name, values, given, instead):
    with pytest.raises(TypeError) as caught:
        getattr(autograd, name)(values, **given)
    (option,) = given
    assert str(caught.value).startswith(f"{name}() has no option {option}=")
    assert instead.format(name) in str(caught.value)
    with words.language("zh_CN"), pytest.raises(TypeError, match=f"{name}.*{option}") as caught:
        getattr(autograd, name)(values, **given)
    assert "has no option" not in str(caught.value)


@pytest.mark.parametrize("name", ["mean", "prod", "logsumexp", "softmax", "log_softmax"])
def test_an_axis_by_position_is_an_axis(name):
    function = getattr(autograd, name)
    assert function(XS, -1) == function(XS, 0) == function(XS)
    with pytest.raises(TypeError, match=rf"{name}\(\) has no option axis=1; write \[autograd.{name}\(row\)"):
        function(ROWS, 1)


def test_the_order_of_a_norm_is_two():
    assert (
        autograd.norm(XS, 2) == autograd.norm(XS, ord=None) == autograd.norm(XS, p=2.0) == autograd.norm(XS)
    )
    for given in ({"p": 1}, {"ord": math.inf}):
        with pytest.raises(TypeError, match=r"autograd.sum\(\[autograd.abs\(x\) \*\* p for x in xs\]\)"):
            autograd.norm(XS, **given)
    with pytest.raises(TypeError, match="no option p=2"):
        autograd.mean(XS, p=2)
