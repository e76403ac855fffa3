"""A picture in a page and in a notebook: zoomed and moved, its paths picked, its neurons unfolded."""

import re

import pytest
from browsers import chromium
from drawings import network, neuron

from autograd import Value, draw
from autograd.render.picture import shown
from autograd.render.picture.shown import output, picture_in


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("zoom") / "graph.html"
    draw(neuron(), engine="builtin").save(path)
    return path.as_uri()


WIDTH = "document.querySelector('svg').viewBox.baseVal.width"
LEFT = "document.querySelector('svg').viewBox.baseVal.x"


def test_keys_buttons_and_wheel_zoom_and_nothing_is_loaded(browser, address):
    page = browser.new_page(viewport={"width": 900, "height": 600})
    errors, asked = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.keyboard.press("0")
    whole = page.evaluate(WIDTH)
    page.keyboard.press("+")
    assert page.evaluate(WIDTH) == pytest.approx(whole / 1.4, rel=1e-4)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(LEFT) > 0
    page.get_by_role("button", name="Fit").click()
    assert page.evaluate(WIDTH) == whole
    page.mouse.move(300, 300)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_function(f"{WIDTH} < {whole} * 0.9")
    before = page.evaluate(LEFT)
    page.mouse.down()
    page.mouse.move(200, 300)
    page.mouse.up()
    assert page.evaluate(LEFT) > before
    before = page.evaluate(LEFT)
    page.mouse.wheel(-20, 0)  # without a key it is moved
    page.wait_for_function(f"{LEFT} < {before}")
    assert page.evaluate(WIDTH) < whole
    assert errors == []
    assert asked == [address]


def test_one_cannot_leave_the_picture(browser, address):
    page = browser.new_page(viewport={"width": 400, "height": 600})
    page.goto(address)
    whole = page.evaluate(WIDTH)
    for key in ["-"] * 3 + ["+"] * 12 + ["ArrowLeft"] * 5:
        page.keyboard.press(key)
    assert page.evaluate(WIDTH) == pytest.approx(whole / 12, rel=1e-4)
    for _ in range(200):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{LEFT} + {WIDTH}") == pytest.approx(whole, rel=1e-4)


def test_on_a_phone_the_text_can_be_read_and_the_picture_scrolls(browser, address):
    page = browser.new_page(viewport={"width": 400, "height": 800})
    page.goto(address)
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg .node text')].map(t => "
        "parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"
    )
    assert min(sizes) >= 9.0
    assert page.evaluate(
        "document.querySelector('.zoom').getBoundingClientRect().bottom <= "
        "document.querySelector('svg').getBoundingClientRect().top"
    )
    page.emulate_media(color_scheme="dark")
    ground = "getComputedStyle(document.querySelector('.paper')).fill"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == page.evaluate(ground)
    assert page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_page_opens_with_text_of_twelve_pixels_at_its_beginning_and_fits_on_request(browser, tmp_path):
    draw(network((2, 4, 4, 1)), engine="builtin").save(tmp_path / "large.html")
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto((tmp_path / "large.html").as_uri())
    least = (
        "Math.min(...[...document.querySelectorAll('svg text')].filter(t => t.getBBox().width)"
        ".map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a))"
    )
    assert page.evaluate(least) >= 12.0
    page.keyboard.press("0")
    assert page.evaluate(least) < 5.0
    assert page.evaluate(f"{LEFT} < 0 && {WIDTH} > 2000")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.reload()
    assert page.evaluate(least) >= 12.0


def test_without_scripts_the_picture_is_there(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    assert page.locator("svg text").first.is_visible()
    assert page.locator(".zoom").count() == 0


@pytest.fixture
def tab(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    assert page.errors == []
    page.close()


def lit(page, kind):
    return page.evaluate(f"[...document.querySelectorAll('body>svg .{kind}.lit')].map(x => x.dataset.{kind})")


def test_a_click_on_a_box_lights_its_paths_to_the_result_and_shows_their_labels(tab, tmp_path):
    loss = neuron()
    picture = draw(loss, engine="builtin", labels=False)
    names = {box.title: box.id for box in picture.graph.nodes}
    tab.goto(f"file://{picture.save(tmp_path / 'graph.html')}")
    assert tab.locator(".hid:visible").count() == 0
    tab.locator(f"[data-node={names['w']}]").click()
    assert set(lit(tab, "node")) == {names[name] for name in ("w", "m", "z", "a", "e", "L")}
    assert tab.locator(".hid:visible").all_text_contents() == ["2", "1", "0.6347", "1", "−0.7913"]
    tab.keyboard.press("Escape")
    assert tab.locator(".picked").count() == 0
    tab.locator(f"[data-node={names['L']}]").focus()
    tab.keyboard.press("Enter")  # nothing is above the result: then what it is made of
    assert len(lit(tab, "node")) == 9


def test_a_pointer_on_an_edge_shows_its_label(tab, tmp_path):
    picture = draw(network(), view="network")
    tab.goto(f"file://{picture.save(tmp_path / 'graph.html')}")
    edge = picture.graph.edges[0]
    assert tab.locator(".hid:visible").count() == 0
    tab.locator(f"[data-edge={edge.id}] .hit").dispatch_event("pointerover")
    x, y = tab.evaluate(
        f"(() => {{const p = document.querySelector('[data-edge={edge.id}] .hit');"
        "const q = p.getPointAtLength(p.getTotalLength() / 2).matrixTransform(p.getScreenCTM());"
        "return [q.x, q.y]})()"
    )
    tab.mouse.move(x, y)
    assert edge.local in tab.locator(".hid:visible").all_text_contents()


def test_a_click_on_a_neuron_unfolds_its_graph_and_a_key_folds_it(tab, tmp_path):
    picture = draw(network(), view="network")
    (name,) = [box.id for box in picture.graph.nodes if (box.scope, box.title) == ("layer1", "n0")]
    tab.goto(f"file://{picture.save(tmp_path / 'graph.html')}")
    tab.locator(f"[data-node={name}]").click()
    panel = tab.locator("aside")
    assert panel.inner_text().startswith("inside layer1.n0")
    assert panel.locator("svg").is_visible()
    inside = panel.locator(".node").all_text_contents()
    assert sum("weight" in text for text in inside) == 4
    assert sum("input" in text for text in inside) == 3
    assert sum("tanh" in text for text in inside) == 1
    tab.keyboard.press("Escape")
    assert panel.count() == 0
    other = next(box.id for box in picture.graph.nodes if (box.scope, box.title) == ("layer1", "n1"))
    tab.locator(f"[data-node={other}]").focus()
    tab.keyboard.press("Enter")  # of neurons alike one is stored, and of the others what differs
    assert panel.inner_text().startswith("inside layer1.n1")
    drawn = picture.graph.insides[other]()
    said = [number for box in drawn.nodes for number in (box.value, box.gradient)]
    assert [text.removeprefix("○ ") for text in panel.locator("text.v").all_text_contents()] == said
    (data,) = [box.id for box in picture.graph.nodes if box.value == "−1"]
    tab.locator(f"[data-node={data}]").focus()
    tab.keyboard.press("Enter")
    assert panel.count() == 0


def test_in_a_notebook_the_picture_is_there_once_and_wakes_where_scripts_may_run(tab):
    html = draw(network(), view="network")._repr_mimebundle_()["text/html"]
    assert html.count("layer0") == picture_in(html).count("layer0")
    tab.set_content(html)
    frame = tab.frame_locator("iframe")
    frame.locator(".node.neuron").first.click()
    assert frame.locator("aside svg").is_visible()
    assert tab.locator("img").count() == 0


def test_in_a_notebook_that_is_not_trusted_an_image_is_left(tab):
    html = draw(neuron())._repr_mimebundle_()["text/html"]
    tab.set_content(re.sub(r" (onload|style)=\"[^\"]*\"", "", html))
    assert tab.locator("iframe").count() == 0
    assert tab.locator("img").evaluate("i => i.decode().then(() => i.naturalWidth)") > 500
    assert tab.locator("body").inner_text() == ""  # nothing of the frame is left as loose text


def test_labels_survive_the_way_into_a_notebook_and_back():
    x = Value(2.0, "a'\"<b>&amp;%22#\n漢`${1}\\")
    y = x * x
    y.backward()
    picture = draw(y, engine="builtin")
    assert picture_in(output(picture.svg(), "t")) == picture.svg().strip()


def test_the_script_is_small_and_asks_for_nothing():
    assert len(shown.SCRIPT) < 5_600
    assert not re.search(r"https?:|fetch|eval|innerHTML|import", shown.SCRIPT)
    assert "f.sandbox='allow-scripts'" in output('<svg width="10" height="10"></svg>', "t")


def test_a_page_escapes_its_title():
    assert "<script>alert" not in shown.page('<svg width="1" height="1"></svg>', "<script>alert(1)</script>")
