"""Pictures and the stepper in JupyterLab, in notebooks trusted and untrusted, and in nbconvert's page."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec

import pytest
from browsers import chromium
from drawings import neuron

from autograd.render import draw, explain, stepper

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def notebook(title):
    """Return a notebook as a user saves it: a stepper, a picture, and derivations, with their outputs."""
    import nbformat
    from IPython.core.formatters import DisplayFormatter

    loss = neuron()
    cells = [nbformat.v4.new_markdown_cell(f"# {title}")]
    shown = [
        ("stepper(L)", stepper(loss)),
        ("draw(L)", draw(loss)),
        ("explain(L)", explain(loss, style="latex")),
    ]
    for source, thing in shown:
        data, metadata = DisplayFormatter().format(thing)
        output = nbformat.v4.new_output("execute_result", data, metadata=metadata, execution_count=1)
        cells.append(nbformat.v4.new_code_cell(source, outputs=[output], execution_count=1))
    return nbformat.v4.new_notebook(
        cells=cells,
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab over two notebooks, one of them trusted; yield the address."""
    for package in ("jupyterlab", "nbformat", "ipykernel"):
        if find_spec(package) is None:
            pytest.skip(f"no {package}; pip install 'chainrule[notebook]'")
    import nbformat

    folder = tmp_path_factory.mktemp("lab")
    home = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("DATA", "CONFIG", "RUNTIME")}
    env = {**os.environ, **home, "HOME": str(folder), "IPYTHONDIR": str(folder / "ipython")}
    (folder / "work").mkdir()
    for name in ("trusted", "untrusted"):
        nbformat.write(notebook(name), folder / "work" / f"{name}.ipynb")
    subprocess.run(
        [sys.executable, "-m", "jupyter", "trust", "trusted.ipynb"],
        cwd=folder / "work",
        env=env,
        check=True,
        capture_output=True,
    )
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
    ]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=folder / "work",
            env=env,
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            assert server.poll() is None, (folder / "log").read_text()
            try:
                with urllib.request.urlopen(f"{address}/api/status", timeout=5) as answer:
                    json.load(answer)
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def tab(browser):
    """Return a page that is high enough for all outputs: Lab leaves out those beyond it."""
    page = browser.new_page(viewport={"width": 1400, "height": 1600})
    yield page
    page.close()


def open_notebook(tab, lab, name):
    """Open a notebook in Lab, wait for its outputs, and return the part of the page that they are in."""
    tab.goto(f"{lab}/lab/tree/{name}.ipynb?reset")
    outputs = tab.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output")
    outputs.nth(2).wait_for(timeout=90_000)
    return outputs


def assert_alive(outputs):
    """Step, read the arithmetic, and point at a box: the frames work, and no image stands beside them."""
    live, picture = outputs.nth(0).frame_locator("iframe"), outputs.nth(1).frame_locator("iframe")
    live.locator("#next").click()
    assert "Forward 1 of 9" in live.locator(".say").inner_text()
    live.locator("#end").click()
    assert "Backward 8 of 8" in live.locator(".say").inner_text()
    assert live.locator("body").evaluate(
        "b => b.ownerDocument.documentElement.scrollHeight <= innerHeight + 1"
    )
    assert "a = tanh z" in [
        title.partition("\n")[0] for title in picture.locator(".node title").all_text_contents()
    ]
    for i, frame in enumerate((live, picture)):
        assert not outputs.nth(i).locator("img").is_visible()
        svg = frame.locator("svg.ag").bounding_box()
        whole = outputs.nth(i).locator("iframe").bounding_box()
        assert svg["width"] <= whole["width"] + 1
        assert svg["height"] <= whole["height"] + 1


def check_images(outputs):
    """See a picture where the frames were, whole and of a legible size."""
    for i in range(2):
        assert outputs.nth(i).locator("iframe").count() == 0
        image = outputs.nth(i).locator("img")
        assert image.is_visible()
        assert image.evaluate("i => i.complete && i.naturalWidth > 500")
        box, whole = image.bounding_box(), outputs.nth(i).bounding_box()
        assert 500 < box["width"] <= whole["width"] + 1
        assert "value" not in outputs.nth(i).inner_text()  # nothing of the frame is left as loose text


def test_in_lab_a_trusted_notebook_is_alive(lab, tab):
    outputs = open_notebook(tab, lab, "trusted")
    assert_alive(outputs)
    assert outputs.nth(2).locator("mjx-container").count() == 1


def test_in_lab_an_untrusted_notebook_has_the_image(lab, tab):
    outputs = open_notebook(tab, lab, "untrusted")
    check_images(outputs)
    assert outputs.nth(2).locator("mjx-container").count() == 1


def test_in_a_page_of_nbconvert(tab, tmp_path):
    exporters = pytest.importorskip("nbconvert.exporters")
    body, _ = exporters.HTMLExporter().from_notebook_node(notebook("page"))
    path = tmp_path / "page.html"
    path.write_text(body, encoding="utf-8")
    tab.route(re.compile("^https?:"), lambda route: route.abort())  # MathJax, from a network
    tab.goto(path.as_uri())
    assert_alive(tab.locator(".jp-OutputArea-output"))
