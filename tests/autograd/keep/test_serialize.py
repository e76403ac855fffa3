"""Graphs out of and into memory: deepcopy, pickle, JSON."""

import copy
import gc
import io
import json
import math
import pickle
import threading
from fractions import Fraction

import pytest
from profiles import NIGHTLY

import autograd
from autograd import GraphError, Value, from_json, load, save, to_json
from autograd.many import dot

DEEP = 1_000_000 if NIGHTLY else 200_000


def example():
    x, y = Value(0.5, label="x"), Value(-1.25, label='y "quoted" ☃ \n')
    w = (x, y, 2.0)
    with autograd.scope("layer1"):
        z = dot(w, (y, 1.0, x)) + dot(w, w) * autograd.logsumexp([x, y, 3.0])
    root = z.tanh() + autograd.max([x, y]) + x**3 - (2.0 / y).leaky_relu(0.1) + autograd.where(x > 0, x, y)
    return root, x, y


def signature(root):
    return [
        (n.data, n.grad, n.op, n.label, n.scope, n.local_grads, len(n.operands))
        for n in autograd.toposort(root)
    ]


ROUND_TRIPS = {
    "deepcopy": copy.deepcopy,
    "json": lambda root: from_json(to_json(root)),
    **{
        f"pickle {p}": lambda root, p=p: pickle.loads(pickle.dumps(root, protocol=p))
        for p in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("trip", ROUND_TRIPS.values(), ids=ROUND_TRIPS)
def test_round_trips_keep_values_gradients_labels_and_sharing(trip):
    root, x, _ = example()
    root.backward()
    twin = trip(root)
    assert twin is not root
    assert signature(twin) == signature(root)
    autograd.zero_grad(root)
    autograd.zero_grad(twin)
    root.backward()
    twin.backward()
    assert signature(twin) == signature(root)
    leaf = next(n for n in autograd.toposort(twin) if n.label == "x")
    leaf.grad = 99.0
    assert x.grad != 99.0


@pytest.mark.parametrize("trip", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_what_two_roots_share_stays_shared(trip):
    x = Value(2.0)
    trunk = x * x
    for given in ([trunk * 2.0, trunk * 3.0, x], [x, trunk, trunk * 2.0], {"a": trunk, "b": [trunk.exp()]}):
        twin = trip(given)
        if isinstance(twin, dict):
            assert twin["b"][0].parents[0] is twin["a"]
        elif twin[2].op is None:
            assert twin[0].parents[0] is twin[1].parents[0]
            assert twin[0].parents[0].parents[0] is twin[2]
        else:
            assert twin[2].parents[0] is twin[1]
            assert twin[1].parents[0] is twin[0]


def test_a_pickle_holds_the_data_of_its_moment():
    x = Value(1.0)
    y = x * 2.0
    first = pickle.dumps(y)
    x.data = 7.0
    second = pickle.dumps([y, x])
    assert pickle.loads(first).parents[0].data == 1.0
    assert pickle.loads(second)[1].data == 7.0


@pytest.mark.parametrize("trip", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_gradients_that_are_nodes_survive(trip):
    x = Value(3.0)
    y = x**3
    y.backward(create_graph=True)
    twin = trip(y)
    leaf = twin.parents[0]
    assert leaf.grad.data == 27.0
    assert autograd.gradients(leaf.grad, leaf) == 18.0
    with pytest.raises(GraphError, match="zero_grad"):
        to_json(y)


def test_shallow_copy_shares_operands():
    x = Value(2.0)
    y = x * x
    twin = copy.copy(y)
    assert twin is not y
    assert twin.parents == y.parents
    assert twin.local_grads == y.local_grads


def test_hooks_survive_deepcopy():
    x = Value(2.0)
    x.register_hook(lambda g: 10.0 * g)
    y = copy.deepcopy(x * 3.0)
    y.backward()
    assert y.parents[0].grad == 30.0


@pytest.fixture
def collector_off():
    """Without the collector, which would look through a million nodes again and again."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize(
    "trip", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), lambda x: from_json(to_json(x))]
)
def test_a_graph_however_deep(trip, collector_off):
    x = Value(1.0)
    y = x
    for _ in range(DEEP):
        y = y * (1.0 + 1.0 / DEEP)
    twin = trip(y)
    assert twin.data == y.data
    twin.backward()
    assert autograd.toposort(twin)[0].grad == pytest.approx(math.e, rel=1e-5)


def test_special_floats_round_trip_through_json():
    root = autograd.sum([Value(v) for v in (math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1)])
    text = to_json(root)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert [repr(v.data) for v in from_json(text).parents] == [repr(v.data) for v in root.parents]


def test_save_and_load_a_file(tmp_path):
    root, _, _ = example()
    save(root, tmp_path / "graph.json")
    assert signature(load(tmp_path / "graph.json")) == signature(root)
    assert [p.name for p in tmp_path.iterdir()] == ["graph.json"]
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe")
    with pytest.raises(GraphError, match="UTF-8"):
        load(tmp_path / "bad.json")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "absent.json")


def broken(**changes):
    document = json.loads(to_json(Value(2.0, label="x") * 3.0))
    node = document["nodes"][1]
    for key, value in changes.items():
        if key in document:
            document[key] = value
        elif value is ...:
            del node[key]
        else:
            node[key] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "nested"),
        ('{"format": "chainrule.graph", "format": "x"}', "twice"),
        ('{"format": NaN}', "NaN"),
        ("{}", "format"),
        (broken(version=2), "version 2"),
        (broken(nodes=[]), "at least one node"),
        (broken(nodes=[3]), "expected an object"),
        (broken(data="1.0"), "expected a number"),
        (broken(data=True), "expected a number"),
        (broken(data=...), "'data' is missing"),
        (broken(data=10**400), "too large"),
        (broken(label=3), "label must be text"),
        (broken(op="no_such"), "no operation named"),
        (broken(operands=["n1", 3.0]), "before its result"),
        (broken(operands=["n0"]), "operands"),
        (broken(operands="n0"), "lists"),
        (broken(operands=[None, 1.0]), "expected a number"),
        (broken(local=[1.0, 2.0]), "local derivatives"),
        (broken(surprise=1), "unknown key 'surprise'"),
        (broken(op="dot", operands=["v0", "v1"]), "no vector"),
        (broken(vectors=[[1.0], [1.0, 2.0]], op="dot", operands=["v0", "v1"], local=[]), "one length"),
    ],
)
def test_bad_json_is_refused_with_the_reason(text, said):
    with pytest.raises(GraphError, match=said):
        from_json(text)


def test_a_pickled_custom_operation_is_found_by_name():
    op = autograd.custom_op("cube_for_pickle", lambda x: x * x * x, lambda y, x: (3.0 * x * x,))
    twin = pickle.loads(pickle.dumps(op(Value(2.0))))
    assert twin.op is op
    twin.backward()
    assert twin.parents[0].grad == 12.0


def test_copies_leave_nothing_behind(collector_off):
    from autograd.keep import copying

    x = Value(2.0)
    y = x * x + dot((x, 1.0), (x, x))
    pickle.loads(pickle.dumps([y, x]))
    assert not copying._packs.holding
    gc.collect()
    copy.deepcopy(y)
    assert gc.collect() == 0


def test_a_graph_is_pickled_again_after_it_has_changed():
    x = Value(2.0, "x")
    y = x**3
    kept = pickle.Pickler(io.BytesIO())  # its memo keeps what it has seen
    kept.dump(y)
    y.backward(create_graph=True)
    assert pickle.loads(pickle.dumps(y)).parents[0].grad.data == 12.0


def test_many_roots_and_prefixes_of_a_chain_are_pickled_in_any_order():
    chain = [Value(1.0)]
    for _ in range(3000):
        chain.append(chain[-1] * 1.0)
    for given in (chain, chain[::-1], chain[-1:]):
        twin = pickle.loads(pickle.dumps(given))
        assert len(autograd.toposort(twin[0 if given is not chain else -1])) == 3001


def test_threads_pickle_at_once():
    errors = []

    def work():
        try:
            for _ in range(20):
                given = [Value(float(i)) * 2.0 for i in range(100)]
                assert [v.data for v in pickle.loads(pickle.dumps(given))] == [v.data for v in given]
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


@pytest.mark.parametrize("grad", [0, 1, True, None, [0, 0]])
def test_whatever_a_user_put_in_grad_survives_a_pickle(grad):
    x = Value(3.0)
    y = x * x
    x.grad = grad
    twin = pickle.loads(pickle.dumps(y)).parents[0].grad
    assert twin == grad
    assert type(twin) is type(grad)


@pytest.mark.parametrize("grad", [0, None, Fraction(0)])
def test_a_cleared_gradient_is_zero_in_json(grad):
    x = Value(3.0)
    x.grad = grad
    assert repr(from_json(to_json(x * x)).parents[0].grad) == "0.0"


@pytest.mark.parametrize("copied", [copy.deepcopy, pickle.dumps, to_json])
def test_a_checkpointed_call_is_refused_with_the_remedy(copied):
    y = autograd.checkpoint(lambda x: x.sin())(Value(0.5)) * 2.0
    with pytest.raises(GraphError, match=r"without checkpoint\(\)"):
        copied(y)


@pytest.mark.parametrize("trip", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_waits_for_a_pass_of_another_thread(trip):
    x = Value(1.0)
    y = x
    for _ in range(30_000):
        y = y + x
    done = threading.Event()

    def passes():
        while not done.is_set():
            y.backward()

    thread = threading.Thread(target=passes)
    thread.start()
    try:
        grads = [node.grad for _ in range(3) for node in autograd.toposort(trip(y))]
    finally:
        done.set()
        thread.join()
    assert all(type(g) is float for g in grads)


def test_the_sign_of_a_zero_slope_is_kept():
    import autograd as ag

    b = ag.Value(-0.5, "b")
    root = ag.dot((ag.ceil(b),), (2.0 * b,))
    loaded = ag.from_json(ag.to_json(root))
    twin = next(x for x in ag.toposort(loaded) if x.label == "b")
    assert str(ag.gradients(loaded, twin)) == str(ag.gradients(root, b)) == "-0.0"
    assert str(loaded.local_grads) == str(root.local_grads) == "(-1.0, -0.0)"
