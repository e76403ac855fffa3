"""What pictures of large graphs cost: steps that grow with the graph, and memory. No clock is read."""

import cProfile
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from drawings import SVG, chain, elements

import autograd
from autograd.errors import GraphError
from autograd.render import draw
from autograd.render.picture.graph import CROWDED

ROOT = Path(__file__).resolve().parents[3]


def batch(samples, sizes=(16, 16, 1)):
    """Return the loss of a network over several samples: dense, for each weight is used by each sample."""
    from nn import MLP

    model = MLP(2, list(sizes), rng=0)
    total = autograd.sum([(model([0.1 * i, -0.2 * i]) - 1.0) ** 2 for i in range(samples)])
    total.backward()
    return total


def calls(action):
    """Count the calls that an action makes, of Python's and C's functions: a clock that nothing disturbs."""
    profile = cProfile.Profile(timer=int)  # whose time nobody asks for
    profile.runcall(action)
    return sum(entry.callcount for entry in profile.getstats())


# Python makes some five million such calls a second; 0.3, 3, 3 and 1 s are allowed.
@pytest.mark.parametrize(
    ("make", "options", "most"),
    [
        (lambda: chain(500), {}, 600_000), (lambda: chain(5000), {"fold": False}, 4_000_000),
        (lambda: batch(60), {"fold": False}, 6_000_000), (lambda: batch(300), {}, 4_000_000),
    ],
    ids=["500 nodes", "5,000 nodes", "4,400 nodes, 38,600 edges", "20,400 nodes folded"],
)  # fmt: skip
def test_the_number_of_steps_is_bounded(make, options, most):
    root = make()
    assert calls(lambda: draw(root, engine="builtin", **options).svg()) < most


@pytest.mark.parametrize(
    ("make", "small", "options"),
    [(chain, 1200, {"fold": False}), (batch, 15, {"fold": False}), (batch, 60, {})],
    ids=["a chain", "a dense graph", "folded"],
)
def test_twice_the_graph_takes_about_twice_the_steps(make, small, options):
    roots = [make(small), make(2 * small)]
    one, two = (calls(lambda root=root: draw(root, engine="builtin", **options).svg()) for root in roots)
    assert two < 2.6 * one


CHILD = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from test_size import batch, chain
from autograd.render import draw
draw({graph}, engine="builtin", **{options}).svg()
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(peak[0])
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="no /proc to read a process's peak of memory from"
)
@pytest.mark.parametrize(
    ("graph", "options"),
    [("chain(5000)", {"fold": False}), ("batch(60)", {"fold": False}), ("batch(300)", {})],
    ids=["5,000 nodes", "4,400 nodes, 38,600 edges", "20,400 nodes folded"],
)  # fmt: skip
def test_memory_of_the_whole_process_stays_below_200_megabytes(graph, options):
    program = CHILD.format(root=str(ROOT), here=str(Path(__file__).parent), graph=graph, options=options)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200_000


def test_a_crowded_picture_has_one_element_for_all_edges_and_says_what_it_leaves_out():
    picture = draw(batch(20), fold=False)
    count = len(picture.graph.edges)
    assert count > CROWDED
    svg = picture.svg()
    lines = [p for g in elements(svg, "crowd") for p in g.iter(f"{SVG}path")]
    assert sum(p.get("d").count("M") for p in lines) == count
    assert elements(svg, "edge") == []
    assert len(elements(svg, "node")) == len(picture.graph.nodes)
    shown = [
        t for t in ("".join(e.itertext()) for e in ET.fromstring(svg).iter(f"{SVG}text")) if "left out" in t
    ]
    assert shown == [
        f"{count} edges: local derivatives and flow are left out; draw a part of the graph to see them"
    ]


def test_a_crowded_picture_is_no_strip_and_no_box_covers_another():
    placed = draw(batch(20), fold=False).layout()
    assert 0.4 < placed.width / placed.height < 4.0
    cards = sorted(placed.nodes.values(), key=lambda r: r.x)
    for i, a in enumerate(cards):
        for b in cards[i + 1 :]:
            if b.x >= a.x + a.width:
                break
            assert b.y >= a.y + a.height or a.y >= b.y + b.height


def test_too_many_edges_are_an_error_before_they_are_drawn():
    with pytest.raises(GraphError, match=r"\d+ boxes and \d+ edges.*depth=.*force=True"):
        draw(batch(110), fold=False)
