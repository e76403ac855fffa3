"""Tables in which a number of each example looks something up, such as embeddings."""

import json
import shutil
import subprocess

import pytest

import autograd
import nn
from autograd import Value
from autograd.calculus.lookup import entries
from autograd.compiler.backends.c.toolchain import find_compiler

np = pytest.importorskip("numpy")

BACKENDS = ["numpy", "python", *["c"] * (find_compiler() is not None)]
NODE = shutil.which("node")
WORDS = 11


def rng():
    return np.random.default_rng(0)


def words(*shape, count=WORDS):
    return rng().integers(0, count, shape).astype(float)


def word2vec():
    center, context = nn.Embedding(WORDS, 3, rng=0), nn.Embedding(WORDS, 3, rng=1)

    def loss(word, near, far):
        h = center(word)
        others = [autograd.softplus(autograd.dot(h, context(k))) for k in far]
        return autograd.softplus(-autograd.dot(h, context(near))) + autograd.sum(others)

    return loss, [*center.parameters(), *context.parameters()], (words(6), words(6), words(6, 4))


def language_model():
    table = nn.Embedding(WORDS, 2, rng=0)
    network = nn.MLP(6, [5, WORDS], activation="tanh", rng=1)

    def loss(context, word):
        scores = network([x for token in context for x in table(token)])
        return nn.losses.cross_entropy(scores, word)

    return loss, [*table.parameters(), *network.parameters()], (words(7, 3), words(7))


def tied():
    """The rows that are looked up score the words, too."""
    table = nn.Embedding(WORDS, 3, rng=0)

    def loss(word, following):
        h = [autograd.tanh(x) for x in table(word)]
        return nn.losses.cross_entropy([autograd.dot(h, row) for row in table.w], following)

    return loss, table.parameters(), (words(5), words(5))


def fields():
    """A table for each column of the data."""
    tables = [nn.Embedding(4, 2, rng=k) for k in range(3)]

    def loss(row, y):
        return (autograd.sum([x for table, i in zip(tables, row) for x in table(i)]) - y) ** 2

    data = words(6, 3, count=4), rng().normal(size=6)
    return loss, [p for table in tables for p in table.parameters()], data


def recurrent():
    table, w = nn.Embedding(WORDS, 2, rng=0), [Value(0.3), Value(-0.7), Value(0.2)]

    def loss(text):
        h = 0.5
        for token in text:
            a, b = table(token)
            h = autograd.tanh(a * w[0] + b * w[1] + h * w[2])
        return h * h

    return loss, [*table.parameters(), *w], (words(5, 30),)


def by_computed_places():
    table = nn.Embedding(2 * WORDS, 2, rng=0)

    def loss(word):
        a, b = table(2.0 * word + 1.0)
        return autograd.sin(a) * b

    return loss, table.parameters(), (words(5),)


def frozen():
    table, w = nn.Embedding(WORDS, 2, rng=0), [Value(0.5), Value(2.0)]
    return (lambda word: autograd.dot(table(word), w) ** 2), w, (words(5),)


def of_numbers():
    table, w = rng().normal(size=(WORDS, 2)).tolist(), [Value(0.5), Value(2.0)]

    def loss(word):
        row = entries(table, word) if isinstance(word, Value) and autograd.modes.is_tracing() else table[
            int(word.data)
        ]  # fmt: skip
        return autograd.dot(row, w) ** 2

    return loss, w, (words(5),)


def of_computed_rows():
    """What is no leaf is no table of the program's, but products with a one-hot vector, as ever."""
    w = [[Value(0.1 * k), Value(1.0 + k)] for k in range(4)]

    def loss(x, word):
        rows = [[x * a, autograd.exp(b)] for a, b in w]
        row = entries(rows, word) if autograd.modes.is_tracing() else rows[int(word.data)]
        return row[0] * row[1]

    return loss, [x for row in w for x in row], (rng().normal(size=5), words(5, count=4))


def columns_alone():
    """Of a row only some entries are used, and an entry of the table by itself."""
    table = nn.Embedding(WORDS, 3, rng=0)
    return (lambda i: (table(i)[1] * table.w[4][1] + table.w[2][0]) ** 2), table.parameters(), (words(5),)


def gradient_in_the_loss():
    """The derivative for what was looked up is itself derived for the table."""
    table = nn.Embedding(4, 2, rng=0)

    def loss(word, y):
        row = table(word)
        slopes = autograd.grad(lambda r: autograd.sin(r[0] * r[1]) * y)([*row])
        return autograd.dot(slopes, slopes)

    return loss, table.parameters(), (words(5, count=4), rng().normal(size=5))


PROGRAMS = [
    word2vec, language_model, tied, fields, recurrent, by_computed_places, frozen, of_numbers,
    of_computed_rows, columns_alone, gradient_in_the_loss,
]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_lookups_agree_with_the_engine(program, backend):
    loss, params, data = program()
    for reduction in ("mean", "sum"):
        step = autograd.compile(loss, params, batch=True, backend=backend, reduction=reduction)
        step.check(*data)
        step.check(*[x[:1] for x in data])


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_a_batch_places_are_arguments(backend):
    table = nn.Embedding(WORDS, 2, rng=0)

    def loss(text, y):
        return autograd.sum([(autograd.dot(table(i), table(j)) - y) ** 2 for i, j in zip(text, text[1:])])

    step = autograd.compile(loss, table.parameters(), backend=backend)
    step.check(words(9), 0.5)
    step.check(words(9)[::-1].copy(), 0.25)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_function_without_parameters_looks_up(backend):
    table = nn.Embedding(WORDS, 2, rng=0)
    rows = autograd.compile(lambda i: table(i), batch=True, backend=backend)
    assert np.asarray(rows(words(6))).tolist() == [[x.data for x in table.w[int(i)]] for i in words(6)]
    table.w[int(words(6)[0])][0].data = 5.0
    assert rows(words(6))[0][0] == 5.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_steps_inside_a_backend_scatter_anew_each_time(backend):
    found = []
    for kind in (backend, None):
        loss, params, data = word2vec()
        optimizer = nn.optim.SGD(params, lr=0.05)
        if kind:
            autograd.compile(loss, params, batch=True, backend=kind).train(*data, optimizer, 4)
        else:
            for _ in range(4):
                optimizer.zero_grad()
                for example in zip(*data):
                    given = [list(map(Value, x)) if np.ndim(x) else Value(x) for x in example]
                    (loss(*given) * (1 / 6)).backward()
                optimizer.step()
        found.append([p.data for p in params])
    assert found[0] == pytest.approx(found[1], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_row_that_nothing_looks_up_gets_no_gradient(backend):
    table, w = nn.Embedding(6, 2, rng=0), Value(1.3)
    params = [*table.parameters(), w]

    def loss(word, y):
        return (autograd.dot(table(word), table(word)) * w - y) ** 2

    step = autograd.compile(loss, params, batch=True, backend=backend)
    data = [1.0, 4.0, 1.0], [1.0, 2.0, 0.5]
    for p in params:
        p.grad = None
    step(*data)
    found = [p.grad for p in params]
    for p in params:
        p.grad = None
    for word, y in zip(*data):
        (loss(Value(word), y) * (1 / 3)).backward()
    assert [g is None for g in found] == [p.grad is None for p in params]
    for g, p in zip(found, params, strict=True):
        assert g is None or g == pytest.approx(p.grad, rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("bad", "error"),
    [(6.0, IndexError), (-1.0, IndexError), (1.5, TypeError), (float("nan"), TypeError),
     (float("inf"), TypeError), (1e300, IndexError)],
)  # fmt: skip
def test_a_place_that_there_is_not_is_refused_as_ever(backend, bad, error):
    table = nn.Embedding(6, 2, rng=0)
    step = autograd.compile(
        lambda i: autograd.tanh(table(i)[0]), table.parameters(), batch=True, backend=backend
    )
    with pytest.raises(error, match="Embedding"):
        step([1.0, bad])
    with pytest.raises(error, match="Embedding"):
        table(Value(bad))
    step.check([1.0, -0.0, 5.0])


def size_of(rows):
    center, context = nn.Embedding(rows, 3, rng=0), nn.Embedding(rows, 3, rng=1)

    def own(word, near, far):
        h = center(word)
        return autograd.sum([autograd.softplus(autograd.dot(h, context(k))) for k in (near, *far)])

    params = [*center.parameters(), *context.parameters()]
    step = autograd.compile(own, params, batch=True, backend="numpy")
    step.check(words(6), words(6), words(6, 4))
    step(words(6), words(6), words(6, 4))
    graph = step._made()[0].program.graph
    return graph.size - 2 * len(params), len(graph.terms), len(step.source.splitlines())


def test_a_program_is_as_long_whatever_the_number_of_rows():
    assert size_of(20) == size_of(500)


def test_ten_thousand_words():
    center, context = nn.Embedding(10_000, 4, rng=0), nn.Embedding(10_000, 4, rng=1)

    def loss(word, near, far):
        h = center(word)
        others = [autograd.softplus(autograd.dot(h, context(k))) for k in far]
        return autograd.softplus(-autograd.dot(h, context(near))) + autograd.sum(others)

    step = autograd.compile(loss, [*center.parameters(), *context.parameters()], batch=True)
    step.check(words(16, count=10_000), words(16, count=10_000), words(16, 5, count=10_000))


def test_a_language_model_of_ten_thousand_words():
    table, network = nn.Embedding(10_000, 4, rng=0), nn.MLP(8, [6, 5], activation="tanh", rng=1)

    def loss(context, kind):
        return nn.losses.cross_entropy(network([x for token in context for x in table(token)]), kind)

    step = autograd.compile(loss, [*table.parameters(), *network.parameters()], batch=True)
    step.check(words(16, 2, count=10_000), words(16, count=5))


def test_the_listing_says_what_is_looked_up_where():
    class Model(nn.Module):
        def __init__(self):
            self.tokens, self.weight = nn.Embedding(WORDS, 3, rng=0), Value(0.5)

    model = Model()
    step = autograd.compile(
        lambda token, y: (autograd.sum(model.tokens(token)) * model.weight - y) ** 2,
        model.parameters(), batch=True, backend="numpy",
    )  # fmt: skip
    step(words(5), rng().normal(size=5))
    assert "tokens_w[int64(token)]" in step.source
    assert "d_tokens_w = zeros((11, 3))" in step.source
    assert "add.at(d_tokens_w, int64(token), " in step.source


@pytest.mark.skipif(NODE is None, reason="no node")
@pytest.mark.parametrize("program", [word2vec, tied, fields, frozen, recurrent])
def test_an_exported_module_looks_up(tmp_path, program):
    loss, params, data = program()
    step = autograd.compile(loss, params, batch=True)
    value, grads = step.value_and_grad(*data)
    path = step.export(tmp_path / "step.mjs")
    given = ", ".join(json.dumps(x.tolist()) for x in data)
    main = tmp_path / "main.mjs"
    main.write_text(
        f"import {{ step }} from {json.dumps(path.as_uri())}; console.log(JSON.stringify(step({given})));"
    )
    printed = subprocess.run([NODE, main], capture_output=True, text=True, check=True).stdout
    found = json.loads(printed)
    assert found["loss"] == pytest.approx(value, rel=1e-12)
    assert found["gradient"] == pytest.approx(list(grads), rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("program", [word2vec, tied, fields, frozen, recurrent])
def test_an_exported_graph_looks_up(tmp_path, program):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    loss, params, data = program()
    step = autograd.compile(loss, params, batch=True)
    value, grads = step.value_and_grad(*data)
    file = step.export(tmp_path / "step.onnx").read_bytes()
    session = runtime.InferenceSession(file, providers=["CPUExecutionProvider"])
    found, gradient = session.run(["loss", "gradient"], {f"x{k}": x for k, x in enumerate(data)})
    assert found == pytest.approx(value, rel=1e-12)
    assert gradient.tolist() == pytest.approx(list(grads), rel=1e-11, abs=1e-14)


@pytest.mark.skipif(find_compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("program", [word2vec, tied, fields, frozen, recurrent])
def test_threads_look_up(program):
    loss, params, data = program()
    data = [np.concatenate([x] * 9) for x in data]
    autograd.compile(loss, params, batch=True, backend="c", threads=3).check(*data)


def lists():
    table = [Value(0.1 * k, f"E[{k}]") for k in range(7)]
    return (lambda i, y: (autograd.take(table, i) * y - 1.0) ** 2), table


def nested_lists():
    table = [{"a": Value(k + 0.5), "b": [Value(1.0), Value(-k)]} for k in range(7)]
    leaves = [x for row in table for x in (row["a"], *row["b"])]

    def loss(i, y):
        row = autograd.take(table, i)
        return (row["a"] * row["b"][0] + autograd.sin(row["b"][1] * y)) ** 2

    return loss, leaves


def arrays():
    table, w = rng().normal(size=(7, 2)), [Value(0.5), Value(2.0)]
    return (lambda i, y: (autograd.dot(list(autograd.take(table, i)), w) - y) ** 2), w


def computed():
    table = [Value(0.1 * k) for k in range(7)]
    return (lambda i, y: autograd.take([autograd.exp(x) * y for x in table], i)), table


def of_the_examples_own():
    w = Value(0.5)
    return (lambda i, y: (autograd.take([y, w, 2.0 * y, 3.0, w * y, 0.0, y], i) - 1.0) ** 2), [w]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("program", [lists, nested_lists, arrays, computed, of_the_examples_own])
def test_lists_of_any_kind_are_looked_up(program, backend):
    loss, params = program()
    step = autograd.compile(loss, params, batch=True, backend=backend)
    step.check(words(9, count=7), rng().normal(size=9))
    for bad, error in ((7.0, IndexError), (-1.0, IndexError), (0.5, TypeError), (float("nan"), TypeError)):
        with pytest.raises(error, match=r"take\(\)"):
            step([1.0, bad], [0.5, 0.5])


def test_entries_of_several_structures_are_refused_while_a_function_is_recorded():
    with pytest.raises(TypeError, match="one structure"):
        autograd.compile(lambda i: autograd.sum(autograd.take([[1.0], [1.0, 2.0]], i)), batch=True)([0.0])
    with pytest.raises(IndexError, match="empty"):
        autograd.compile(lambda i: autograd.take([], i), batch=True)([0.0])
    assert autograd.take([[1.0], [1.0, 2.0]], Value(1.0)) == [1.0, 2.0]


def test_an_index_says_what_to_write():
    with pytest.raises(autograd.TracingError, match=r"autograd\.take\(E, i\)"):
        autograd.compile(lambda i: [1.0, 2.0][i], batch=True)([0.0])
