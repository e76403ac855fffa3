"""The stepper in a browser: every control, the numbers at each step, no request, no error, no overlap."""

import itertools

import pytest
from browsers import chromium
from drawings import elements, neuron, texts

import autograd
from autograd import Value
from autograd.render import stepper
from autograd.render.derive.steps import steps
from autograd.render.labels import number

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


def training():
    w = Value(2.0, "w")
    for _ in range(6):
        loss = ((w * 0.5).tanh() - 0.1) ** 2
        loss.label = "L"
        yield loss
        loss.backward()
        w.data -= 0.5 * w.grad
        w.grad = 0.0


@pytest.fixture
def visit(browser, tmp_path):
    """Open a page; at the end, assert that nothing was requested but the file, and nothing went wrong."""
    contexts, trouble = [], []

    def open_page(page, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        page.save(path)
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 800}, **options})
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on(
            "request",
            lambda request: (
                trouble.append(request.url)
                if request.url != path.as_uri() and not request.url.startswith("data:")
                else None
            ),
        )
        tab.goto(path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def said(tab):
    return tab.inner_text(".say code")


def test_every_step_says_the_engines_arithmetic(visit):
    loss = neuron()
    listed = steps(loss)
    tab = visit(stepper(loss))
    for node in listed.forward:
        tab.click("#next")
        assert said(tab).startswith(node.name)
        assert said(tab).endswith(number(node.value))
    for step in listed.backward:
        tab.click("#next")
        text = said(tab)
        assert text.startswith(f"{listed.names[step.parent]}.grad += ")
        assert text.endswith(
            f"{number(step.upstream)} = {number(step.contribution)} [{number(step.before)} -> "
            f"{number(step.after)}]"
        )
    assert "z.grad += da/dz * a.grad = (1 - a^2 = 0.6347) * -0.7913 = -0.5022 [0 -> -0.5022]" in [
        said(tab) for _ in itertools.repeat(0, len(listed.backward)) if tab.click("#prev") is None
    ]


def test_the_end_shows_what_the_static_picture_shows(visit):
    page = stepper(neuron())
    tab = visit(page)
    tab.click("#end")
    live = tab.eval_on_selector_all(
        ".stage .node", "all => all.map(g => [...g.querySelectorAll('text')].map(t => t.textContent))"
    )
    static = [texts(g) for g in elements(page.svg, "node")]
    assert live == [[t.removeprefix("○ ") for t in row] for row in static]


def test_without_javascript_there_is_the_picture_and_a_note(visit):
    tab = visit(stepper(neuron()), java_script_enabled=False)
    assert tab.is_visible(".stage svg")
    assert not tab.is_visible("#next")
    assert "needs JavaScript" in tab.content()


def test_buttons_slider_and_keys(visit):
    tab = visit(stepper(neuron()))
    assert tab.is_disabled("#prev")
    tab.click("#next")
    tab.click("#next")
    tab.click("#prev")
    assert tab.input_value("#step") == "1"
    tab.click("#end")
    assert tab.is_disabled("#next")
    assert "Backward 8 of 8" in tab.inner_text(".say")
    tab.click("#first")
    assert tab.input_value("#step") == "0"
    tab.fill("#step", "12")
    assert "Backward 3 of 8" in tab.inner_text(".say")
    tab.evaluate("document.activeElement.blur()")
    for key, at in (("ArrowRight", "13"), ("ArrowLeft", "12"), ("Home", "0"), ("End", "17")):
        tab.keyboard.press(key)
        assert tab.input_value("#step") == at
    assert "Backward 8 of 8" in tab.get_attribute("#step", "aria-valuetext")


def test_play_and_pause(visit):
    tab = visit(stepper(neuron()))
    tab.click("#play")
    assert tab.get_attribute("#play", "aria-label") == "Pause"
    tab.wait_for_function("+document.querySelector('#step').value >= 2")
    tab.click("#play")
    assert tab.get_attribute("#play", "aria-pressed") == "false"
    at = tab.input_value("#step")
    tab.wait_for_timeout(1500)
    assert tab.input_value("#step") == at


def test_a_click_or_enter_on_a_box_jumps_there(visit):
    loss = neuron()
    names = list(steps(loss).names.values())
    tab = visit(stepper(loss))
    tab.click(f"[data-node=n{names.index('z')}]")
    assert said(tab).startswith("z = m + b")
    tab.click("#end")
    tab.click(f"[data-node=n{names.index('z')}]")
    assert said(tab).startswith("z.grad +=")
    tab.focus(f"[data-node=n{names.index('a')}]")
    tab.keyboard.press("Enter")
    assert said(tab).startswith("a.grad +=")
    assert (
        tab.get_attribute(f"[data-node=n{names.index('a')}]", "aria-label")
        == "a, value 0.6044, gradient -0.7913"
    )


def test_training_playback(visit):
    tab = visit(stepper(training()))
    tab.click("#end")
    first = tab.inner_text("#loss")
    tab.fill("#train", "5")
    assert "6 of 6" in tab.inner_text("#loss")
    assert tab.inner_text("#loss") != first
    assert tab.get_attribute(".curve path", "d").count("L") == 5
    tab.click("#run")
    tab.wait_for_function(
        "document.querySelector('#train').value === '5' && "
        "document.querySelector('#run').getAttribute('aria-label') === 'Play training'"
    )


BOXES = """() => {
  const rects = (s, pick) => [...document.querySelectorAll(s)]
    .filter(e => getComputedStyle(e).visibility !== 'hidden' && e.textContent.trim())
    .map(e => [e.getBoundingClientRect(), e.textContent])
    .map(([r, text]) => [r.left, r.top, r.right, r.bottom, text]);
  return {text: rects('.stage text'), boxes: rects('.stage .node'),
    controls: rects('button, .count, .say, h1, p')};
}"""


def overlaps(rects, slack=1.0):
    return [
        (a[4], b[4])
        for a, b in itertools.combinations(rects, 2)
        if a[0] + slack < b[2] and b[0] + slack < a[2] and a[1] + slack < b[3] and b[1] + slack < a[3]
    ]


@pytest.mark.parametrize("engine", ["auto", "builtin"])
@pytest.mark.parametrize("width", [390, 800, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_text_covers_another_at_any_step(visit, width, scheme, engine):
    tab = visit(
        stepper(neuron(), engine=engine), viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    for at in (0, 5, 9, 12, 17):
        tab.fill("#step", str(at))
        found = tab.evaluate(BOXES)
        # Lines of text have leading above and below, which may touch: two pixels of it.
        assert overlaps(found["text"], 2.5) == []
        assert overlaps(found["boxes"]) == []
        assert overlaps(found["controls"]) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_reduced_motion_stops_the_animation(visit):
    for motion, animated in (("reduce", "none"), ("no-preference", "f")):
        tab = visit(stepper(neuron()), reduced_motion=motion)
        tab.click("#end")
        assert (
            tab.evaluate("getComputedStyle(document.querySelector('.edge.now .wire')).animationName")
            == animated
        )


CONTRAST = """() => {
  const part = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const lum = c => {
    const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => part(v / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ratio = (a, b) => {
    const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p);
    return (x + .05) / (y + .05);
  };
  const ground = e => {
    while (e) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)|transparent/.test(c)) return c;
      e = e.parentElement;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const html = [...document.querySelectorAll('h1, p, .count, .say b, .say code, button:not(:disabled)')]
    .map(e => [e.tagName + e.className, ratio(getComputedStyle(e).color, ground(e))]);
  const paper = getComputedStyle(document.querySelector('.stage .paper')).fill;
  const svg = [...document.querySelectorAll('.stage .edge text, .stage .legend text')]
    .map(e => [e.textContent, ratio(getComputedStyle(e).fill, paper)]);
  return [...html, ...svg];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(visit, scheme):
    tab = visit(stepper(neuron()), color_scheme=scheme)
    for at in (0, 12):
        tab.fill("#step", str(at))
        assert [pair for pair in tab.evaluate(CONTRAST) if pair[1] < 4.5] == []


def test_focus_is_visible(visit):
    tab = visit(stepper(neuron()))
    tab.focus("#next")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Shift+Tab")
    assert tab.evaluate("getComputedStyle(document.querySelector('#next')).outlineStyle") == "solid"


def tall():
    """Return the sum of ten squares: high and not broad."""
    total = autograd.sum([Value(0.1 * i, f"x{i}") ** 2 for i in range(8)])
    total.label = "total"
    return total


@pytest.mark.parametrize("width", [390, 760, 950, 1500])
@pytest.mark.parametrize(
    "make",
    [neuron, tall, training, lambda: Value(2.0, "x") * 3.0],
    ids=["neuron", "tall", "training", "two boxes"],
)
def test_a_frame_in_a_notebook_is_as_high_as_its_page(browser, make, width):
    tab = browser.new_page(viewport={"width": width, "height": 1000})
    tab.set_content(f"<body style='margin:0'>{stepper(make())._repr_html_()}")
    frame = tab.frames[1]
    frame.wait_for_selector(".js")
    frame.click("#end")
    height, scroll, content = frame.evaluate(
        "[innerHeight, document.documentElement.scrollHeight, document.querySelector('main').offsetHeight + "
        "32]"
    )
    stage, picture = frame.evaluate(
        "(s => [s.clientHeight, s.scrollHeight])(document.querySelector('.stage'))"
    )
    tab.close()
    assert scroll <= height  # the page itself never scrolls
    assert height == 900 or picture <= stage + 12  # nor does the picture, but in the highest frame there is
    assert height - content < 60  # and little is left blank
