"""The three layout engines, each present and absent, and a dot that crashes, hangs, or prints rubbish."""

import os
import stat
import sys
import time
from importlib.util import find_spec

import pytest
from drawings import chain, elements, needs_dot, network, neuron

import autograd.render.picture.draw as drawing
import autograd.render.picture.engines as engines
from autograd.errors import MissingDependencyError
from autograd.render import draw
from autograd.render.picture import dot_source

needs_pygraphviz = pytest.mark.skipif(find_spec("pygraphviz") is None, reason="no pygraphviz")


@pytest.fixture
def path_with(tmp_path, monkeypatch):
    """Put a dot of one's own first on an otherwise empty path."""

    def install(script):
        if script is not None:
            program = tmp_path / "dot"
            program.write_text(f"#!{sys.executable}\n{script}")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))

    return install


@pytest.fixture
def no_pygraphviz(monkeypatch):
    monkeypatch.setattr("autograd.render.picture.raster.find_spec", lambda name: None)
    monkeypatch.setattr(engines, "find_spec", lambda name: None)


@needs_dot
def test_first_dot():
    assert draw(neuron()).layout().engine == "dot"


@needs_pygraphviz
def test_then_pygraphviz(path_with):
    path_with(None)
    assert draw(neuron()).layout().engine == "pygraphviz"
    assert draw(neuron()).data("png").startswith(b"\x89PNG")


def test_then_the_built_in_layout_without_a_word(path_with, no_pygraphviz):
    path_with(None)
    picture = draw(neuron())
    svg = picture.svg()
    assert picture.layout().engine == "built-in"
    assert "next engine" not in svg
    assert len(elements(svg, "node")) == 9


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "failed with code -11"),
        ("import sys; sys.exit('out of memory')", "out of memory"),
        ("print('not json at all')", "no layout"),
        ("print('{}')", "no layout"),
        ("print('{\"bb\": \"0,0,10,10\", \"objects\": []}')", "left out"),
        ("print('{\"bb\": \"0,0,nan,10\"}')", "no layout"),
        ("import sys; sys.stdout.buffer.write(bytes(range(256)))", "no layout"),
        ("pass", "failed with code 0"),
        ("import time; time.sleep(60)", "longer than"),
    ],
)
def test_a_broken_dot_is_replaced_by_the_next_engine_and_reported(path_with, no_pygraphviz, script, words):
    path_with(script)
    started = time.monotonic()
    picture = draw(neuron(), timeout=1.0)
    svg = picture.svg()
    assert time.monotonic() - started < 20
    assert picture.layout().engine == "built-in"
    assert words in svg
    assert len(elements(svg, "node")) == 9


def test_a_format_that_needs_graphviz_names_the_remedy_where_there_is_none(path_with, no_pygraphviz):
    path_with(None)
    with pytest.raises(MissingDependencyError, match=r"pip install .*graphviz"):
        draw(neuron()).data("png")


@needs_dot
@pytest.mark.parametrize("engine", ["dot", pytest.param("pygraphviz", marks=needs_pygraphviz), "builtin"])
def test_each_engine_places_every_box_edge_and_cluster(engine):
    picture = draw(network(), engine=engine)
    placed = picture.layout()
    assert placed.engine == ("built-in" if engine == "builtin" else engine)
    assert set(placed.nodes) == {node.id for node in picture.graph.nodes}
    assert set(placed.curves) == set(placed.labels) == {edge.id for edge in picture.graph.edges}
    assert set(placed.clusters) == set(picture.graph.scopes())
    for rect in placed.nodes.values():
        assert rect.x >= 0
        assert rect.x + rect.width <= placed.width
        assert rect.y >= 0
        assert rect.y + rect.height <= placed.height


def test_modules_are_laid_out_by_the_engine_that_does_it_best():
    assert draw(network()).layout().engine == "built-in"


def test_large_pictures_go_to_the_built_in_layout_at_once():
    assert draw(chain(1600), fold=False).layout().engine == "built-in"


@needs_dot
def test_labels_keep_their_distance_under_dot():
    from test_layout import overlap

    placed = draw(neuron(), engine="dot").layout()
    labels = list(placed.labels.values())
    assert not any(overlap(a, b) for i, a in enumerate(labels) for b in labels[i + 1 :])


def test_the_programs_are_made_without_the_graphviz_package():
    graph = draw(network()).graph
    assert dot_source.source(graph).startswith("digraph")
    assert dot_source.layout_source(graph, flow=True, labels=True).count(" -> ") == len(graph.edges)


def test_without_the_graphviz_package_there_is_still_a_picture(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    monkeypatch.delitem(sys.modules, "autograd.render.picture.dot", raising=False)
    picture = draw(neuron(), engine="builtin")
    assert type(picture).__name__ == "Drawing"
    assert picture.source.startswith("digraph")
    assert len(elements(picture.svg(), "node")) == 9


def test_no_process_is_left_behind(path_with, no_pygraphviz, tmp_path):
    path_with(
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    draw(neuron(), timeout=1.0).svg()
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("content", ["raise ImportError('libgvc is gone')", "version = 1"])
def test_a_broken_graphviz_package_is_told_once_and_the_picture_drawn_without_it(
    monkeypatch, tmp_path, content
):
    (tmp_path / "graphviz.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [
        name
        for name in sys.modules
        if name.partition(".")[0] == "graphviz" or name == "autograd.render.picture.dot"
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(drawing, "_NOTICED", [])
    broken = r"graphviz package, which is installed here but broken .*pip uninstall graphviz"
    with pytest.warns(RuntimeWarning, match=rf"{broken}|Repair it with: pip install graphviz"):
        picture = draw(neuron(), engine="builtin")
    assert type(picture).__name__ == "Drawing"
    assert draw(neuron(), engine="builtin").source.startswith("digraph")  # and warns no more
    monkeypatch.delitem(sys.modules, "graphviz", raising=False)
