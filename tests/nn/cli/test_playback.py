"""The page of a training: what it holds, and what it shows in a browser of each epoch."""

import json
import re

import pytest
from browsers import chromium

import nn
from nn.cli import main
from nn.cli.playback import NUMBERS, Playback
from nn.cli.task import Task


def data(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    options = ["--hidden", "5", "--samples", "30", "--epochs", "20", "--quiet", "--live"]
    assert main(["train", "moons", *options, "--out", str(folder)]) == 0
    return folder / "training.html"


def test_a_page_loads_nothing_and_holds_the_epochs(written, capsys):
    text = written.read_text(encoding="utf-8")
    told = data(text)
    assert told["epochs"] == list(range(21))
    assert told["sizes"] == [2, 5, 1]
    assert told["slots"] == ["mean", "square"]
    assert told["losses"][0] is None
    assert told["losses"][1] > told["losses"][-1]
    assert set(re.findall(r"https?://[^'\" ]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text


def test_a_page_in_chinese_says_nothing_in_english(tmp_path, capsys):
    options = ["--hidden", "2", "--samples", "10", "--epochs", "2", "--quiet", "--live", "--lang", "zh"]
    assert main(["train", "moons", *options, "--out", str(tmp_path)]) == 0
    text = (tmp_path / "training.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in text
    assert "第 ${D.epochs[at]} / ${D.epochs[F - 1]} 轮" in text
    shown = text.partition('<script type="application/json"')[0]
    said = re.sub(r"<style>.*?</style>|<[^>]*>", " ", shown, flags=re.DOTALL)
    labels = re.findall(r'aria-label="([^"]*)"', shown)
    assert set(re.findall(r"[A-Za-z]{3,}", " ".join([said, *labels]))) == {"moons", "JavaScript", "Tab"}


def test_of_a_large_network_fewer_epochs_are_kept():
    model = nn.MLP(2, [100, 3], rng=0)
    kept = Playback(model, nn.optim.Adam(model.parameters()), 2000)
    frames = -(-2000 // kept.every)
    assert frames >= 10
    assert frames * 3 * len(model.parameters()) <= NUMBERS + 3 * len(model.parameters())


def right_samples_are_as_many_as_in_python(tab, tmp_path):
    x, y = nn.data.make_moons(40, noise=0.1, rng=0)
    model = nn.MLP(2, [4, 1], activation="tanh", rng=1)
    playback = Playback(model, nn.optim.SGD(model.parameters(), lr=0.1), 1)
    rows = [[float(v) for v in row] for row in x]
    labels = [int(v) for v in y]
    task = Task(rows, labels, labels, 1, "logistic", ["a", "</script>"])
    path = tmp_path / "page.html"
    path.write_text(playback.page(task, [2, 4, 1], "tanh", "<b>"), encoding="utf-8")
    tab.goto(path.as_uri())
    found = [float(model(row)) > 0 for row in rows]
    expected = sum(y == bool(label) for y, label in zip(found, labels, strict=True))
    assert tab.inner_text("#now").endswith(f"{expected} of 40 samples right")
    assert tab.inner_text("h1") == "<b>"
    assert "</script>" in tab.inner_text("#legend")


def shades_are_the_predicted_values(tab, tmp_path):
    rows = [[i / 4 - 1.0, j / 4 - 1.0] for i in range(9) for j in range(9)]
    model = nn.MLP(2, [4, 1], activation="tanh", rng=1)
    playback = Playback(model, nn.optim.SGD(model.parameters(), lr=0.1), 1)
    values = [2.0 * a - b for a, b in rows]
    path = tmp_path / "values.html"
    path.write_text(playback.page(Task(rows, values, [], 1, "mse"), [2, 4, 1], "tanh", "t"), encoding="utf-8")
    tab.goto(path.as_uri())
    assert "predicted value" in tab.inner_text("#legend")
    assert "\u22123" in tab.inner_text("#legend")
    assert "right" not in tab.inner_text("#now")
    edge = "getComputedStyle(document.querySelector('#points ellipse')).stroke"  # else it is not seen
    assert tab.evaluate(edge) == tab.evaluate("getComputedStyle(document.body).color")
    pixels = tab.evaluate(
        "[...document.getElementById('map').getContext('2d').getImageData(0, 0, 72, 72).data]"
    )
    for r, c in ((5, 5), (5, 66), (66, 5), (66, 66), (36, 60), (20, 30)):
        place = [-1.3 + 2.6 * (c + 0.5) / 72, 1.3 - 2.6 * (r + 0.5) / 72]
        share = (float(model(place)) + 3.0) / 6.0
        red, _, blue, alpha = pixels[4 * (72 * r + c) :][:4]
        assert abs(alpha - (30 + 150 * abs(2 * share - 1))) <= 1.5
        assert abs(red - (47 + 170 * share)) <= 4
        assert abs(blue - (192 - 179 * share)) <= 4


@pytest.mark.browser
def test_in_a_browser_it_plays_and_tells_what_the_network_was(written, tmp_path):
    told, trouble = data(written.read_text(encoding="utf-8")), []
    with chromium() as browser:
        right_samples_are_as_many_as_in_python(browser.new_page(), tmp_path)
        shades_are_the_predicted_values(browser.new_page(), tmp_path)
        tab = browser.new_page(viewport={"width": 400, "height": 800})
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on("request", lambda r: r.url == written.as_uri() or trouble.append(r.url))
        tab.goto(written.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= 400
        last = f"Epoch 20 of 20, loss {told['losses'][-1]:.4g}, "
        assert tab.inner_text("#now").startswith(last)
        assert tab.locator("#net text").all_text_contents() == ["x\N{SUBSCRIPT ZERO}", "x\N{SUBSCRIPT ONE}"]
        ends = [f"{end(x for x in told['losses'] if x is not None):.4g}" for end in (max, min)]
        assert [tab.inner_text(name) for name in ("#top", "#bottom")] == ends
        assert [tab.inner_text(name) for name in ("#first", "#last")] == ["Epoch 0", "20"]
        right = int(re.search(r"(\d+) of 30 samples right", tab.inner_text("#now"))[1])
        assert right > 15
        tab.evaluate("document.activeElement.blur()")
        tab.keyboard.press("Home")
        assert tab.inner_text("#now").startswith("Epoch 0 of 20")
        tab.keyboard.press("ArrowRight")
        assert tab.inner_text("#now").startswith("Epoch 1 of 20")
        tab.focus("#net circle[role=button]")
        said = tab.inner_text("#weight")
        assert re.match(r"layer0\.n0\.w0 = \S+; the optimizer's mean \S+, square \S+", said)
        play = "document.getElementById('play')"
        assert tab.evaluate(f"({play}.click(), {play}.getAttribute('aria-label'))") == "Pause"
        assert tab.evaluate(
            "[...document.querySelectorAll('#net line[stroke-opacity]')].every(l => l.getAttribute('stroke'))"
        )
        middle = "(() => { const c = document.getElementById('map').getContext('2d'); "
        middle += "return [...c.getImageData(0, 0, 72, 72).data].some(x => x > 100); })()"
        assert tab.evaluate(middle)
    assert trouble == []
