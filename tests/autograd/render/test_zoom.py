"""A picture in a page: zoomed, moved and fitted again, without a network; whole where scripts are off."""

import re

import pytest
from browsers import chromium
from drawings import neuron

from autograd import draw
from autograd.render.page.jupyter import picture_frame
from autograd.render.picture import zoom


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
    page.mouse.wheel(0, 200)  # without a key the page scrolls
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


def test_without_scripts_the_picture_is_there(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    assert page.locator("svg text").first.is_visible()
    assert page.locator(".zoom").count() == 0


def test_the_script_is_small_and_asks_for_nothing():
    assert len(zoom.SCRIPT) < 3_500
    assert not re.search(r"https?:|fetch|eval|innerHTML|import", zoom.SCRIPT)
    frame = picture_frame("<svg width=\"10\" height=\"10\"></svg>", "t", style=zoom.STYLE, script=zoom.SCRIPT)
    assert "sandbox=\"allow-scripts\"" in frame


def test_a_page_escapes_its_title():
    assert "<script>alert" not in zoom.page("<svg></svg>", "<script>alert(1)</script>")
