"""Tables and columns of pandas, polars and others as data: rows are samples, wherever data are taken."""

import datetime
import decimal

import pytest

import autograd
import nn
from autograd import Value
from autograd.floats.tables import as_rows

np = pytest.importorskip("numpy")

X = [[0.5, 1.0], [1.5, -1.0], [-0.5, 2.0], [2.0, 0.0], [1.0, 1.0]]
Y = [1.0, 0.0, 1.0, 0.0, 1.0]


class Interchanged:
    """A table that speaks the dataframe interchange protocol and nothing else."""

    def __init__(self, frame):
        self._frame = frame

    def __dataframe__(self, **options):
        return self._frame.__dataframe__(**options)


class Arrays:
    """A tensor of another library, as far as NumPy sees it."""

    def __init__(self, numbers):
        self._numbers = np.array(numbers)

    def __array__(self, dtype=None, copy=None):
        return self._numbers.astype(dtype or self._numbers.dtype)


def pandas_tables():
    pandas = pytest.importorskip("pandas")
    index = list("vwxyz")  # no part of the data
    return pandas.DataFrame(X, columns=["a", "b"], index=index), pandas.Series(Y, index=index[::-1], name="y")


def polars_tables():
    polars = pytest.importorskip("polars")
    return polars.DataFrame(X, schema=["a", "b"], orient="row"), polars.Series("y", Y)


def nullable_tables():
    table, column = pandas_tables()
    return table.astype("Float64"), column.astype("Int64")


def mixed_tables():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [row[0] for row in X], "b": [int(row[1]) for row in X]})
    return table, pandas.Series([y == 1.0 for y in Y])


def arrow_tables():
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.table({"a": [r[0] for r in X], "b": [r[1] for r in X]}), pyarrow.chunked_array(
        [Y[:2], Y[2:]]
    )


def interchanged_tables():
    pyarrow = pytest.importorskip("pyarrow")
    return Interchanged(pyarrow.table({"a": [r[0] for r in X], "b": [r[1] for r in X]})), np.array(Y)


TABLES = [
    pandas_tables, polars_tables, nullable_tables, mixed_tables, arrow_tables, interchanged_tables,
    lambda: (Arrays(X), Arrays(Y)), lambda: (np.array(X), Y),
]  # fmt: skip


@pytest.fixture(params=TABLES, ids=lambda make: make.__name__)
def tables(request):
    return request.param()


def model():
    return nn.MLP(2, [3, 1], rng=0)


def test_rows_are_the_samples_of_a_training(tables):
    losses = []
    for data in ((X, Y), tables):
        for compiled in (False, True):
            net = model()
            history = nn.fit(
                net, data, nn.losses.mse_loss, nn.optim.SGD(net.parameters(), lr=0.1), epochs=5, batch_size=2,
                metrics=["accuracy"], validation=data, compile=compiled, progress=False,
            )  # fmt: skip
            losses.append(history["val_loss"])
    assert losses[2] == losses[0]
    assert losses[3] == losses[1]
    assert nn.evaluate(model(), tables, nn.losses.mse_loss) == nn.evaluate(
        model(), (X, Y), nn.losses.mse_loss
    )


def test_rows_are_picked_by_splits_and_batches(tables):
    x, y = tables
    for found, wanted in zip(
        nn.data.train_test_split(x, y, rng=3), nn.data.train_test_split(X, Y, rng=3), strict=True
    ):
        assert np.array_equal(found, wanted)
    pairs = zip(nn.data.batches(x, y, 2, rng=1), nn.data.batches(X, Y, 2, rng=1), strict=True)
    for (xs, ys), (wanted_x, wanted_y) in pairs:
        assert np.array_equal(xs, wanted_x)
        assert np.array_equal(ys, wanted_y)


def test_compiled_steps_take_tables(tables):
    w = [Value(0.3), Value(-0.2)]
    step = autograd.compile(lambda x, y: (autograd.dot(w, x) - y) ** 2, w, batch=True)
    assert step(*tables) == step(X, Y)
    assert list(step.value_and_grad(*tables)[1]) == list(step.value_and_grad(X, Y)[1])


def test_a_table_is_an_array_to_a_compiled_function(tables):
    table, column = tables[0], tables[1] if not isinstance(tables[1], list) else np.array(tables[1])
    for f in (lambda x: x * 2.0, lambda x: x + x, lambda x: x.sum() * x[0]):
        for given, array in ((table, X), (column, Y)):
            found = autograd.compile(f)(given)
            assert np.allclose(found, f(np.asarray(array, float)), rtol=1e-14)
    found = autograd.compile(lambda d: d["y"] * 2.0)({"y": column, "x": table})
    assert found.tolist() == (2.0 * np.asarray(Y, float)).tolist()


def test_classes_are_targets():
    _, y = mixed_tables()
    assert nn.data.one_hot(y) == nn.data.one_hot([1, 0, 1, 0, 1])
    assert as_rows(y, "y").dtype.kind == "i"
    polars = pytest.importorskip("polars")
    assert nn.data.one_hot(polars.Series([2, 0])) == nn.data.one_hot([2, 0])
    assert as_rows(polars.Series([True, False]), "y").tolist() == [1, 0]


def test_metrics_take_columns(tables):
    outputs = [Value(y - 0.5) for y in Y]
    accuracy = nn.metrics.METRICS["accuracy"]
    assert accuracy(outputs, tables[1]) == accuracy(outputs, Y) == 1.0


def pandas_of(**columns):
    return pytest.importorskip("pandas").DataFrame(columns)


def polars_of(**columns):
    return pytest.importorskip("polars").DataFrame(columns)


@pytest.mark.parametrize("of", [pandas_of, polars_of])
@pytest.mark.parametrize(
    ("column", "error", "message"),
    [
        (["a", "b"], TypeError, "row 0 of column 'k' holds the word 'a'; make numbers of words first"),
        ([datetime.date(2020, 1, 1)] * 2, TypeError, "row 0 of column 'k' holds"),
        ([decimal.Decimal("1.5"), decimal.Decimal(2)], TypeError, "row 0 of column 'k' holds"),
        ([[1.0], [2.0]], TypeError, "row 0 of column 'k' holds"),
        ([1.0, "b"], TypeError, "row 1 of column 'k' holds the word 'b'"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_its_place(of, column, error, message):
    if of is polars_of and column[0] in (1.0, decimal.Decimal("1.5")):
        pytest.skip("a column of polars has one type, and decimal numbers become floats there")
    table = of(n=[1.0, 2.0], k=column)
    for call in (
        lambda: as_rows(table, "x"),
        lambda: list(nn.data.batches(table, [1, 2])),
        lambda: nn.data.train_test_split(table, [1, 2]),
        lambda: nn.evaluate(model(), (table, [1.0, 2.0]), nn.losses.mse_loss),
        lambda: autograd.compile(lambda x: x[0][0])(table),
    ):
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize("dtype", ["category", "string", "object"])
def test_a_column_of_words_says_how_to_make_classes(dtype):
    pandas = pytest.importorskip("pandas")
    y = pandas.Series(["rose", "lily"], name="kind", dtype=dtype)
    with pytest.raises(
        TypeError, match=r"the targets of data: row 0 of column 'kind'.*pandas\.factorize"
    ) as caught:
        nn.evaluate(model(), (X[:2], y), nn.losses.mse_loss)
    assert "rose" in str(caught.value)
    assert as_rows(pandas.Series([3, 1], dtype="category"), "y").tolist() == [3, 1]


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean"])
def test_a_missing_cell_is_an_error(dtype):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"n": [1.0, 2.0], "k": pandas.array([1, None], dtype=dtype)})
    for data in (table, table["k"]):
        with pytest.raises(ValueError, match=r"row 1 of column 'k' is missing|holds nan"):
            nn.evaluate(model(), (data, [1.0, 2.0]), nn.losses.mse_loss)


@pytest.mark.parametrize("of", [pandas_of, polars_of])
def test_dates_alone_are_no_numbers_either(of):
    table = of(k=[datetime.datetime(2020, 1, 1), datetime.datetime(2021, 1, 1)])
    for data in (table, table["k"], table["k"] - table["k"]):
        with pytest.raises(TypeError, match="x: row 0 of column 'k' holds"):
            as_rows(data, "x")


def test_an_interchanged_table_is_checked_too():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"a": [1.0, 2.0, 3.0], "n": [1, 2, 3], "b": [True, False, True]})
    assert as_rows(Interchanged(table), "x").tolist() == [[1, 1, 1], [2, 2, 0], [3, 3, 1]]
    assert as_rows(Interchanged(table.slice(1)), "x").tolist() == [[2, 2, 0], [3, 3, 1]]
    with pytest.raises(TypeError, match="x: column 'k' holds no numbers"):
        as_rows(Interchanged(pyarrow.table({"k": ["a"]})), "x")
    with pytest.raises(ValueError, match="x: column 'k' misses 1 of its cells"):
        as_rows(Interchanged(pyarrow.table({"k": [1.0, None]})), "x")


def test_a_column_is_no_number():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match=r"(?s)got Series .*give its numbers, x\.to_numpy\(\)"):
        autograd.grad(lambda x: x)(pandas.Series([1.0]))


def test_lists_numbers_and_nodes_stay_as_they_are():
    for x in ([1.0], (1.0,), 1.0, Value(1.0), np.ones(2), "text", None, range(3), {1.0: 2.0}):
        assert as_rows(x, "x") is x


@pytest.mark.parametrize(
    ("x", "instead"),
    [
        (np.timedelta64(3, "D"), r"x\.total_seconds\(\)"),
        (np.timedelta64(3, "ns"), r"x\.total_seconds\(\)"),  # which NumPy would make a float of
        (datetime.timedelta(3), r"x\.total_seconds\(\)"),
        (np.datetime64("2020-01-01"), "the time since another"),
        (datetime.date(2020, 1, 1), "the time since another"),
    ],
)
def test_a_moment_or_a_duration_is_no_number_and_says_what_to_take(x, instead):
    for call in (Value, lambda x: Value(2.0) * x, lambda x: autograd.compile(lambda y: y * 2)(x)):
        with pytest.raises(TypeError, match=instead):
            call(x)


def test_what_is_missing_is_no_number():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="what is missing; fill it in"):
        Value(pandas.NA)
