"""What a browser makes of the pictures: every text has room in its box, on its label and in the legend."""

import itertools

import pytest
from browsers import chromium
from drawings import network, neuron

import autograd
from autograd import Value
from autograd.render import draw
from autograd.render.page.jupyter import picture_size
from autograd.render.picture.graph import Box, Edge, Picture

pytestmark = pytest.mark.browser
LONG = [
    "1",
    "\N{MINUS SIGN}1.2345e\N{MINUS SIGN}123",
    "\N{MINUS SIGN}1.2e\N{MINUS SIGN}04 … 4.9e+05",
    "\N{MINUS SIGN}8888.8888",
    "\N{MINUS SIGN}1.23 … 4.56, NaN, inf",
]


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


def cards():
    """Return a picture of every kind of card with numbers of every length, joined by edges of every kind."""
    graph = Picture(scale=1.0, notices=["made for measuring"])
    kinds = itertools.product(["leaf", "operation", "output", "group"], LONG, ["none", "zero", "nan", "p3"])
    for i, (kind, number, tone) in enumerate(kinds):
        title = ["", "w", "WWWWMMMM", "layer0.neuron1.weight23", "漢字漢字"][i % 5]
        operation = (
            ""
            if kind in ("leaf", "group")
            else ["×", "tanh", "softmax[12]", "( )² \N{MINUS SIGN} 1.235e\N{MINUS SIGN}08"][i % 4]
        )
        count = 960 if i % 3 == 0 else 1
        node = Box(
            f"n{i}",
            title,
            operation,
            number,
            number,
            tone,
            kind,
            "",
            count,
            saved=i % 2 == 0,
            value_name="holds" if kind == "group" else "value",
        )
        graph.nodes.append(node)
        if i:
            graph.edges.append(
                Edge(
                    f"e{i}",
                    f"n{i - 1}",
                    f"n{i}",
                    0,
                    number,
                    number,
                    "p2" if tone == "none" else tone,
                    taken=tone != "zero",
                    count=1 + i % 2,
                )
            )
    return graph


def measured():
    """Return a picture of a network after an odd training, folded: numbers of many lengths."""
    loss = network((2, 6, 1))
    for i, node in enumerate(autograd.toposort(loss)):
        node.grad = (-1) ** i * 1.2345 * 10.0 ** -(11 * i % 130)
    return loss


MEASURE = """() => {
  const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
  const texts = g => [...g.querySelectorAll(':scope > text')]
    .filter(t => t.textContent.trim()).map(t => [t.textContent, ...box(t)]);
  return {
    nodes: [...document.querySelectorAll('.node')]
      .map(g => [box([...g.querySelectorAll('.card')].at(-1)), texts(g)]),
    edges: [...document.querySelectorAll('.edge')].map(g => texts(g)),
    legend: [...document.querySelectorAll('.legend')].map(g => texts(g)),
    page: box(document.querySelector('svg')),
  };
}"""


def assert_texts_have_room(browser, svg):
    tab = browser.new_page(viewport={"width": 1200, "height": 900})
    # Of the faces asked for the broadest; in its own size, for a browser rounds when it shrinks.
    tab.set_content(
        f"<style>svg.ag{{font-family:'DejaVu Sans'!important;max-width:none!important}}</style>{svg}"
    )
    found = tab.evaluate(MEASURE)
    tab.close()
    for (left, top, right, bottom), lines in found["nodes"]:
        for text, x0, y0, x1, y1 in lines:
            assert x0 >= left + 4, text
            assert x1 <= right - 4, text
            assert y0 >= top - 1, text
            assert y1 <= bottom + 2, text
        for (a, *r), (b, *s) in itertools.combinations(lines, 2):
            assert abs(r[1] - s[1]) > 8 or r[2] + 5 <= s[0] or s[2] + 5 <= r[0], (a, b)
    every = [text for lines in found["edges"] for text in lines]
    for (a, *r), (b, *s) in itertools.combinations(every, 2):
        assert r[2] <= s[0] + 1 or s[2] <= r[0] + 1 or r[3] <= s[1] + 4 or s[3] <= r[1] + 4, (a, b)
    for lines in found["legend"]:
        assert all(text[3] <= found["page"][2] for text in lines)
    entries = [text for lines in found["legend"] for text in lines if text[0] not in ("○",)]
    for (a, *r), (b, *s) in itertools.combinations(entries, 2):
        assert r[2] <= s[0] - 1 or s[2] <= r[0] - 1 or r[3] <= s[1] + 3 or s[3] <= r[1] + 3, (a, b)


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_every_kind_of_card_has_room_for_every_number(browser, rankdir):
    from autograd.render.picture.layout import layout
    from autograd.render.picture.svg import to_svg

    graph = cards()
    graph.rankdir = rankdir
    assert_texts_have_room(browser, to_svg(graph, layout(graph, flow=True), flow=True))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fold": True},
        {"depth": 1},
        {"depth": 2, "fold": True},
        {"flow": False},
        {"rankdir": "TB"},
        {"saved": True, "engine": "dot"},
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [neuron, network, measured])
def test_texts_have_room_in_whole_pictures(browser, make, options):
    assert_texts_have_room(browser, draw(make(), **options).svg())


def test_labels_of_broad_letters_have_room(browser):
    for label in ("漢字漢字漢字漢字", "WWWWWWWWWWWW", "😀😀😀😀", "שלום עולם", "ﷺﷺ", "ÄÖÜäöüß", "θ₁ α β"):
        x = Value(2.0, label)
        y = x * x
        y.label = label
        y.backward()
        assert_texts_have_room(browser, draw(y, engine="builtin").svg())


@pytest.mark.parametrize("width", [390, 950, 1900])
@pytest.mark.parametrize(
    "make", [neuron, network, lambda: Value(3.0, "x") * 2.0], ids=["neuron", "network", "two boxes"]
)
def test_a_picture_in_a_notebook_shrinks_then_scrolls_and_is_never_cut_off(browser, make, width):
    picture = draw(make())
    tab = browser.new_page(viewport={"width": width, "height": 1000})
    tab.set_content(f"<body style='margin:0'>{picture._repr_mimebundle_()['text/html']}")
    tab.wait_for_selector("iframe")
    frame = tab.frames[1]
    frame.wait_for_selector("svg")
    high, scroll, whole, shown = frame.evaluate(
        "[innerHeight, document.documentElement.scrollHeight, document.documentElement.scrollWidth, "
        "document.querySelector('svg').getBoundingClientRect().width]"
    )
    natural = picture_size(picture.svg())[0]
    assert not tab.is_visible("img")
    tab.close()
    assert scroll <= high
    assert shown <= whole + 1
    assert shown == pytest.approx(min(natural, max(width, 0.8 * natural)), abs=2)
    assert high - picture_size(picture.svg())[1] * shown / natural < 20
