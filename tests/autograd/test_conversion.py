"""NumPy's public functions, given nodes and lists of them: each keeps the graph, or names what to write."""

import inspect
import math
import re
import statistics
import warnings

import pytest

from autograd import Value, grad, gradients

np = pytest.importorskip("numpy")
special = pytest.importorskip("scipy.special")

NUMBERS = [0.35, 0.8, 0.15, 0.6]
FORMS = {
    "a node": lambda xs: xs[0], "a list": list, "a nested list": lambda xs: [[xs[0], xs[2]], [xs[1], xs[3]]]
}  # fmt: skip
ARGUMENTS = [
    lambda x: (x,), lambda x: (x, x), lambda x: (x, 2), lambda x: (2, x), lambda x: (x, x, x),
    lambda x: (x, [0.3, 0.1, 0.2, 0.9]), lambda x: (x, 0.2, 0.7),
    lambda x: ([True, False, True, False], x, 0.0),
    lambda x: (x, [0.3, 0.5, 0.7, 0.9], [1.0, 2.0, 3.0, 4.0]), lambda x: ([0.3, 0.5, 0.9, 1.5], x, 1),
    lambda x: ("ij->", x), lambda x: ([x, x],), lambda x: (0.5, 0.5, 0.5, x),
]  # fmt: skip
FILES = {
    "test", "info", "show_config", "show_runtime", "save", "savez", "savez_compressed", "savetxt", "load",
    "loadtxt", "fromfile", "memmap", "genfromtxt", "fromregex", "set_printoptions", "setbufsize", "seterr",
    "seterrcall", "get_include", "errstate", "printoptions", "vectorize", "frompyfunc", "piecewise",
    "empty", "empty_like", "format_float_positional", "format_float_scientific", "logical_and", "logical_or",
    "bincount",
}  # fmt: skip
"""Those that read and write, ask and set; whose elements are whatever was there; Python's `and` and `or`,
which give one of two nodes; and what asks each node for its number from C, as ``float(x)`` does."""
MODULES = {
    "numpy": np, "numpy.linalg": np.linalg, "numpy.fft": np.fft, "scipy.special": special,
}  # fmt: skip
FUNCTIONS = [
    f"{module}.{name}"
    for module, owner in MODULES.items()
    for name in sorted(dir(owner))
    if not name.startswith("_") and name not in FILES and callable(getattr(owner, name))
    and not inspect.isclass(getattr(owner, name)) and not inspect.ismodule(getattr(owner, name))
]  # fmt: skip


def call(name, arguments):
    """Call a function by its name."""
    module, name = name.rsplit(".", 1)
    return getattr(MODULES[module], name)(*arguments)


def cells(result):
    """What a function gave, one by one."""
    if isinstance(result, (list, tuple)):
        return [cell for part in result for cell in cells(part)]
    return result.ravel().tolist() if isinstance(result, np.ndarray) else [result]


def real_cells(name, make, form, numbers):
    """What it gives for numbers, as complex ones; None where that is no number."""
    try:
        return [complex(cell) for cell in cells(call(name, make(form(numbers))))]
    except Exception:  # of whatever it thinks of these arguments
        return None


def moved(k, h):
    return [x + h * (i == k) for i, x in enumerate(NUMBERS)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_of_numpys_drops_the_graph(name):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for form in FORMS.values():
            for make in ARGUMENTS:
                check(name, make, form)


def check(name, make, form):
    """Check what a function of NumPy's makes of nodes in these arguments, if it takes numbers there."""
    usual = real_cells(name, make, form, NUMBERS)
    if usual is None:
        return
    xs = [Value(x) for x in NUMBERS]
    try:
        got = cells(call(name, make(form(xs))))
    except Exception as error:
        told = re.search("; write |must be a number, not a Value", str(error))
        assert told or isinstance(error, (TypeError, AttributeError, ValueError, ZeroDivisionError))
        return
    sides = [[real_cells(name, make, form, moved(k, h)) for h in (1e-6, -1e-6)] for k in range(4)]
    if any(side is None or len(side) != len(got) for pair in sides for side in pair):
        return
    slopes = [[(a - b) / 2e-6 for a, b in zip(*pair, strict=True)] for pair in sides]
    for place, cell in enumerate(got):
        wanted = [slope[place] for slope in slopes]
        if any(abs(slope) > 1e3 or math.isnan(abs(slope)) for slope in wanted):  # at a jump, or a pole
            continue
        if isinstance(cell, Value):
            found = [slope or 0.0 for slope in gradients(cell, xs, allow_unused=True)]
            if not any(map(math.isnan, found)):  # the deviation of a single number, at 0
                assert found == pytest.approx([slope.real for slope in wanted], rel=1e-3, abs=1e-5)
        elif not isinstance(cell, np.ndarray):  # a node in arrays of arrays
            assert all(abs(slope) < 1e-7 for slope in wanted), f"{name} gives {cell!r}"


TWO = [Value(0.5), Value(0.7)]
SAID = {
    "np.gradient(xs)": "[(b - a) / (2.0 * h) for a, b in zip(values, values[2:])]",
    "np.gradient(np.array(xs))": "zip(values, values[2:])]",
    "np.linalg.qr([xs, xs])": "the elimination with +, -, * and /",
    "np.linalg.inv([xs, xs])": "the elimination", "np.fft.fft(xs)": "autograd.dot(values, cosines)",
    "np.percentile(xs, 50)": "sorted(values)[k]", "np.cov(xs, xs)": "autograd.sum([(x - mx)",
    "np.interp(xs, [0.0, 1.0], [0.0, 1.0])": "of its neighbours",
    "np.i0(xs)": "[autograd.i0(x) for x in values]",
    "special.logsumexp(xs)": "autograd.logsumexp(values)",
    "np.full_like([0.0, 0.0], xs[0])": "np.full(shape, x)",
    "np.testing.assert_allclose(xs, xs)": "both sides",
}  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_a_function_that_takes_no_nodes_is_named_with_what_to_write(text):
    where = {"np": np, "special": special, "xs": TWO}
    name = text.split("(")[0].rsplit(".", 1)[-1]
    said = f"NumPy's {name} takes no Values; write "
    with pytest.raises((TypeError, AttributeError), match=said) as caught:
        eval(text, where)
    assert SAID[text] in str(caught.value)


LOST = {
    "statistics.fmean(xs)": "statistics' fmean takes no Values; write autograd.mean(values)",
    "statistics.correlation(xs, [1.0, 2.0])": "autograd.dot(a, b) / (autograd.norm(a) * autograd.norm(b))",
    "statistics.NormalDist(0.0, 1.0).cdf(xs[0])": "autograd.normal_cdf((x - mu) / sigma)",
    "pandas.DataFrame({'a': xs}).corr()": "pandas' DataFrame.corr takes no Values",
}  # fmt: skip


@pytest.mark.parametrize("text", LOST)
def test_statistics_of_other_libraries_say_what_to_write(text):
    where = {"statistics": statistics, "xs": TWO, "pandas": pytest.importorskip("pandas")}
    with pytest.raises(TypeError, match=re.escape(LOST[text])):
        eval(text, where)


def test_plots_take_nodes():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    axes.plot(TWO, TWO)
    axes.errorbar([0, 1], TWO, yerr=TWO)
    axes.stem(TWO)
    pyplot.close(figure)


def test_numbers_leave_where_they_are_asked_for_by_name(tmp_path):
    xs = [Value(0.5), Value(0.7)]
    assert np.array(xs, float).tolist() == np.asarray(xs, dtype=float).tolist() == [0.5, 0.7]
    assert np.float64(xs[0]) == 0.5
    np.savetxt(tmp_path / "numbers", xs)
    assert np.loadtxt(tmp_path / "numbers").tolist() == [0.5, 0.7]
    np.testing.assert_almost_equal(xs[0], 0.5)


def test_a_list_of_nodes_becomes_an_array_of_these_very_nodes():
    xs = [Value(0.5), Value(0.7)]
    assert all(a is b for a, b in zip(np.array(xs).tolist(), xs, strict=True))
    assert np.array([xs, xs]).shape == (2, 2)
    assert np.asarray(xs[0])[()] is xs[0]
    assert np.random.default_rng(0).choice(xs) in xs


@pytest.mark.parametrize("name", ["cov", "corrcoef", "gradient", "geomspace"])
def test_arrays_of_nodes_in_a_differentiated_function_hear_the_same(name):
    arguments = (1.0,) if name == "geomspace" else ()
    with pytest.raises(TypeError, match=r"takes no Values; write "):
        grad(lambda x: np.sum(getattr(np, name)(*arguments, x)))(np.array([0.5, 0.7, 0.2]))


def test_a_bound_of_clip_may_be_a_node():
    x, low, high = Value(3.0), Value(1.0), Value(2.0)
    y = np.clip(x, low, high)
    assert (y.data, gradients(y, [x, low, high])) == (2.0, [0.0, 0.0, 1.0])


def test_a_polynomial_of_nodes_in_a_list_works_and_of_one_says_what_to_write():
    xs = [Value(0.5), Value(2.0)]
    assert [y.data for y in np.polyval([1.0, 2.0], xs)] == [2.5, 4.0]
    with pytest.raises(TypeError, match="polyval takes no Values; write functools.reduce"):
        np.polyval([1.0, 2.0], xs[0])
