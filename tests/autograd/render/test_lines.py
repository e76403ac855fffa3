"""A picture that would be a strip is broken into lines, with edges that turn around all boxes."""

import itertools

import pytest
from drawings import chain, needs_dot, network
from test_layout import overlap
from test_projector import batch_norm, points_of
from test_rolling import recurrence

from autograd import Value, draw


def plain(count):
    """Return a chain of operations that need nothing but the one before."""
    y = Value(0.5, "x")
    for i in range(count):
        y = [y.sin, y.tanh, lambda y=y: y * 1.5, y.exp, lambda y=y: y + 0.25][i % 5]()
    y.backward()
    return y


def inside(r, x, y):
    return r.x + 1 < x < r.x + r.width - 1 and r.y + 1 < y < r.y + r.height - 1


def on_the_way(points):
    """Return points along a chain of cubic segments."""
    path = f"M{points[0][0]} {points[0][1]}C" + " ".join(f"{x} {y}" for x, y in points[1:])
    return points_of(path)


def test_a_chain_of_forty_operations_reads_as_a_text():
    picture = draw(plain(40), fold=False)
    placed = picture.layout()
    assert placed.lines > 3
    assert 1.0 < placed.width / placed.height < 3.0
    before, lines = None, 1
    for box in picture.graph.nodes:  # in the order of computation
        r = placed.nodes[box.id]
        if before is not None and r.x < before.x:
            lines += 1
            assert r.y > before.y + before.height
        before = r
    assert lines == placed.lines


def test_no_line_but_the_last_holds_leaves_only():
    picture = draw(recurrence(50))
    places = picture.layout().nodes
    leaves = [places[box.id] for box in picture.graph.nodes if "leaf" in box.kind]
    loss = places[picture.graph.nodes[-1].id]
    assert picture.layout().lines == 2
    assert max(r.y + r.height for r in leaves) < loss.y
    assert picture.layout().height < 1.2 * (loss.y + loss.height)


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_neurons_are_broken_into_lines_too(rankdir):
    picture = draw(batch_norm(), view="network", fold=True, wrap=900, rankdir=rankdir)
    placed = picture.layout()
    assert placed.lines > 1
    assert not any(overlap(a, b) for a, b in itertools.combinations(placed.nodes.values(), 2))
    for edge in picture.graph.edges:
        for x, y in on_the_way(placed.curves[edge.id]):
            assert not any(
                inside(r, x, y) for name, r in placed.nodes.items() if name not in (edge.tail, edge.head)
            )


def test_in_a_given_size_a_chain_of_forty_operations_has_lines_that_fit():
    picture = draw(plain(40), size=(1280, 720))
    assert len(picture.graph.nodes) == 41
    assert picture.layout().lines > 3


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
@pytest.mark.parametrize("make", [lambda: chain(25), lambda: recurrence(5)], ids=["chain", "recurrence"])
def test_no_edge_passes_through_a_box_and_no_box_or_label_covers_another(make, rankdir):
    picture = draw(make(), fold=False, wrap=700, rankdir=rankdir)
    placed = picture.layout()
    assert placed.lines > 2
    rects = [*placed.nodes.values(), *placed.labels.values()]
    assert not any(overlap(a, b) for a, b in itertools.combinations(rects, 2))
    for edge in picture.graph.edges:
        way = on_the_way(placed.curves[edge.id])
        for name, r in placed.nodes.items():
            assert name in (edge.tail, edge.head) or not any(inside(r, x, y) for x, y in way)
        assert all(0 <= x <= placed.width and 0 <= y <= placed.height for x, y in way)


def test_edges_of_one_box_share_their_way_until_they_part():
    picture = draw(recurrence(5), fold=False, wrap=700)
    (w,) = [box.id for box in picture.graph.nodes if box.title == "w"]
    placed = picture.layout()
    starts = {tuple(placed.curves[edge.id][:4]) for edge in picture.graph.edges if edge.tail == w}
    assert len(starts) == 2  # one to its own line, the others together


def test_a_short_graph_a_dense_one_and_one_line_that_is_asked_for_are_not_broken():
    assert draw(plain(5)).layout().lines == 1
    assert draw(network()).layout().lines == 1
    assert draw(plain(40), wrap=False, engine="builtin").layout().lines == 1


@needs_dot
def test_dot_s_own_layout_is_not_broken():
    assert draw(plain(40), engine="dot").layout().lines == 1


@pytest.mark.parametrize("wrap", ["yes", 7, float("nan"), None], ids=str)
def test_what_is_no_length_of_a_line_is_an_error(wrap):
    with pytest.raises(ValueError, match="wrap is True, False, or the length of a line in pixels"):
        draw(Value(1.0), wrap=wrap)


def test_labels_at_a_turn_belong_to_their_edges():
    picture = draw(plain(40), fold=False)
    placed = picture.layout()
    assert len(placed.labels) == 40
    for name, r in placed.labels.items():
        centre = r.x + r.width / 2, r.y + r.height / 2
        near = {
            edge: min(abs(x - centre[0]) + abs(y - centre[1]) for x, y in on_the_way(points))
            for edge, points in placed.curves.items()
        }
        assert min(near, key=near.__getitem__) == name
