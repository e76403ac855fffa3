"""What a graph does again and again is drawn once: a step with a line back, samples and layers on plates."""

import itertools
import random

import pytest
from test_layout import overlap

import autograd
import nn
from autograd import Value, draw
from autograd.native import engine
from autograd.render.picture.rolling import operands_of, roll


def recurrence(steps):
    w, u, b, h = Value(0.5, "w"), Value(-0.7, "u"), Value(0.1, "b"), Value(0.0, "h0")
    for t in range(steps):
        h = (w * h + u * Value(0.3 * t - 0.5, f"x{t}") + b).tanh()
    loss = (h - 1.0) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


def classified(samples, hidden):
    """Return the mean cross-entropy of a network with one hidden layer."""
    model = nn.MLP(2, [hidden, 3], rng=0)
    rows = [[0.01 * i, -0.02 * i] for i in range(samples)]
    loss = nn.losses.cross_entropy([model(x) for x in rows], [i % 3 for i in range(samples)])
    loss.backward()
    return loss


def test_a_recurrence_of_fifty_steps_is_one_step_that_leads_back():
    graph = draw(recurrence(50)).graph
    (plate,) = [path for path in graph.scopes() if graph.caption(path) == "each step  ×50"]
    inside = [box for box in graph.nodes if box.scope == plate]
    assert sorted(box.operation for box in inside) == ["", "+", "+", "tanh", "×", "×"]
    assert {box.title for box in graph.nodes if not box.scope} == {"", "w", "u", "b", "h0", "loss"}
    (back,) = [edge for edge in graph.edges if edge.back]
    names = {box.id: box for box in graph.nodes}
    assert names[back.tail].operation == "tanh"
    assert names[back.head].operation == "×"


def test_it_does_not_matter_how_many_steps_there_are():
    def shape(steps):
        graph = draw(recurrence(steps), fold=True).graph
        return [(box.operation, box.title, box.scope) for box in graph.nodes], [
            (edge.tail, edge.head, edge.back) for edge in graph.edges
        ]

    assert shape(6) == shape(50) == shape(200)


def test_values_of_a_rolled_box_are_the_range_over_all_steps():
    loss = recurrence(50)
    states = [v.data for v in autograd.toposort(loss) if v.op is not None and v.op.name == "tanh"]
    (box,) = [box for box in draw(loss).graph.nodes if box.operation == "tanh"]
    low, high = (float(part.replace("−", "-")) for part in box.value.split(" … "))
    assert low == pytest.approx(min(states), abs=0.005)
    assert high == pytest.approx(max(states), abs=0.005)


def test_samples_and_the_neurons_of_a_layer_are_plates_within_each_other():
    graph = draw(classified(30, 20)).graph
    captions = {graph.caption(path) for path in graph.scopes()}
    assert {"each  ×30", "n*  ×20", "n*  ×3"} <= captions
    assert len(graph.nodes) < 20
    assert not any(edge.back for edge in graph.edges)


def test_a_lstm_has_one_cell_whose_state_is_carried():
    lstm = nn.LSTM(1, 1, rng=3)
    outputs, _ = lstm([[Value(0.1 * i, f"x{i}")] for i in range(30)])
    loss = (outputs[-1][0] - 1.0) ** 2
    loss.backward()
    graph = draw(loss).graph
    assert "each step  ×30" in {graph.caption(path) for path in graph.scopes()}
    assert len(graph.nodes) < 30
    assert sum(edge.back for edge in graph.edges) == 5  # h to four gates, c to the forget gate's product


def test_a_recurrence_is_rolled_by_itself_and_a_few_steps_or_a_chain_are_not():
    def boxes(steps, **options):
        w, b, x, h = (Value(v, name) for v, name in ((2.0, "w"), (-0.3, "b"), (0.5, "x"), (0.1, "h")))
        for _ in range(steps):
            h = autograd.tanh(w * h + b * x)
        return len(draw(h, wrt=w if options.pop("colours", False) else None, **options).graph.nodes)

    assert [boxes(steps) for steps in (6, 20, 50)] == [28, 8, 8]
    assert boxes(20, fold=False) == boxes(20, edges="all") == boxes(20, colours=True) == 84
    y = Value(0.5, "x")
    for _ in range(80):
        y = y.sin()
    assert len(draw(y).graph.nodes) == 81


def test_a_running_sum_leads_back_to_itself():
    total = Value(0.0, "start")
    for i in range(40):
        total = total + Value(0.1 * i, f"x{i}").sin()
    total.backward()
    (back,) = [edge for edge in draw(total, fold=True).graph.edges if edge.back]
    assert back.tail == back.head


def test_rounds_are_counted_with_what_is_around_them():
    x = Value(0.3, "x")
    y = x.exp().sqrt()
    for _ in range(7):
        y = y.sin().cos() * x
    (found,) = roll(autograd.toposort(y.log())).rounds
    assert (found.period, found.count, found.carries) == (3, 7, True)


def test_what_is_different_each_time_is_not_rolled():
    x = Value(0.5, "x")
    y = x.sin() + x.cos() * x.tanh().exp() - x.sqrt()
    assert roll(autograd.toposort(y)).rounds == []
    assert roll([Value(1.0)]).rounds == []


def test_alike_operations_whose_operands_jump_are_no_rounds():
    xs = [Value(0.1 * i) for i in range(9)]
    level = xs
    while len(level) > 1:  # a tree of sums: alike everywhere, and even nowhere
        level = [a + b for a, b in itertools.pairwise(level)][:: 2 if len(level) > 3 else 1]
    for found in roll(autograd.toposort(level[0])).rounds:
        assert found.count * found.period <= 9


def test_operands_are_the_numbers_of_parents_for_every_kind_of_node():
    x, y = Value(0.5, "x"), Value(2.0, "y")
    low, high = autograd.log_softmax([x, y])
    dotted = autograd.dot([x, 1.0, x], [y, y, 3.0])
    rows = [x * y, x * x, 2.0 - y, dotted, autograd.logsumexp([x, y, 1.0]), low]
    nodes = autograd.toposort(autograd.sum([*rows, high]))
    found = operands_of(nodes)
    assert [[nodes[i] for i in listed] for listed in found] == [list(v.parents) for v in nodes]
    if engine is not None:
        with pytest.raises(KeyError):
            engine.operands(nodes, {x: 0})
        with pytest.raises(TypeError, match="takes nodes"):
            engine.operands([1.0], {})


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_the_way_back_passes_below_all_boxes(rankdir):
    picture = draw(recurrence(50), rankdir=rankdir)
    placed = picture.layout()
    (back,) = [edge for edge in picture.graph.edges if edge.back]
    points = placed.curves[back.id]
    for node, r in placed.nodes.items():
        for x, y in points:
            inside = r.x + 1 < x < r.x + r.width - 1 and r.y + 1 < y < r.y + r.height - 1
            assert not inside, node
    assert not any(overlap(a, b) for a, b in itertools.combinations(placed.nodes.values(), 2))


def test_the_spiral_with_all_samples_is_a_picture_of_few_boxes():
    graph = draw(classified(300, 100)).graph
    assert len(graph.nodes) <= 60
    assert "each  ×300" in {graph.caption(path) for path in graph.scopes()}


@pytest.mark.slow
def test_the_spiral_in_scalar_operations_has_150_000_nodes_and_few_boxes():
    rng = random.Random(0)
    weights = [[Value(rng.gauss(0.0, 0.1), f"hidden.n{j}.w{i}") for i in range(2)] for j in range(100)]
    biases = [Value(0.1, f"hidden.n{j}.b") for j in range(100)]
    last = nn.MLP(100, [3], rng=0)
    outputs = []
    for i in range(300):
        hidden = []
        for j, ((u, v), b) in enumerate(zip(weights, biases, strict=True)):
            with autograd.scope("hidden"), autograd.scope(f"n{j}"):
                hidden.append((u * (0.01 * i) + v * (1.0 - 0.01 * i) + b).relu())
        outputs.append(last(hidden))
    loss = nn.losses.cross_entropy(outputs, [i % 3 for i in range(300)])
    loss.backward()
    assert len(autograd.toposort(loss)) > 150_000
    graph = draw(loss).graph
    assert len(graph.nodes) <= 60
    captions = {graph.caption(path) for path in graph.scopes()}
    assert {"each  ×300", "n*  ×100", "n*  ×3"} <= captions


def test_plates_have_their_counts_in_other_formats():
    picture = draw(recurrence(50))
    assert "each step  ×50" in picture.source
    assert "each step  ×50" in picture.to_mermaid()
