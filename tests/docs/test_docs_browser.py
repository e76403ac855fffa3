"""The course in a browser: pages that run Python, with nothing installed and nothing fetched elsewhere."""

import functools
import http.server
import importlib.util
import sys
import threading
import zipfile
from pathlib import Path

import browsers
import pytest

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "notebooks" / "docs" / "browser" / "node_modules"

pytest.importorskip("markdown", reason="pip install '.[docs]' brings what makes the pages")
pytest.importorskip("latex2mathml", reason="pip install '.[docs]' brings what makes the pages")
pytestmark = pytest.mark.skipif(
    not (MODULES / "pyodide" / "pyodide.mjs").is_file(),
    reason="npm install --prefix notebooks/docs/browser brings a browser's Python",
)


def builder():
    path = ROOT / "notebooks" / "docs" / "browser" / "build.py"
    spec = importlib.util.spec_from_file_location("browser_build", path)
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def built(folder):
    """Write the pages into a site of one page; return what was refused."""
    start = '<p>now: <span id="try"></span></p>'
    (folder / "index.html").write_text(start, encoding="utf-8")
    return "refused" if builder().main([str(folder)]) else ""


@pytest.fixture(scope="module")
def site(once):
    return once("browser", built)


@pytest.fixture(scope="module")
def address(site):
    """Serve the site, to this machine alone."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        extensions_map = {  # noqa: RUF012
            **http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript",
            ".wasm": "application/wasm",
        }  # fmt: skip

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(site))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/try/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_index_leads_to_every_lesson_in_both_languages(site):
    text = (site / "try" / "index.html").read_text(encoding="utf-8")
    pages = [path.name for path in (site / "try").glob("[0-9]*.html")]
    assert text.count("<li>") == len(pages) == 2 * 19
    assert [f'href="{name}"' in text for name in pages] == [True] * len(pages)


def test_the_sites_first_page_then_leads_there(site):
    assert '<a href="try/index.html">' in (site / "index.html").read_text(encoding="utf-8")
    assert 'id="try"' in (ROOT / "notebooks" / "docs" / "pages" / "index.md").read_text(encoding="utf-8")


def test_numpy_lies_beside_the_pages_without_what_no_program_needs(site):
    with zipfile.ZipFile(site / "try" / "numpy.zip") as archive:
        names = archive.namelist()
    assert "numpy/__init__.py" in names
    assert not [name for name in names if "/tests/" in name or name.endswith((".h", ".pyi"))]


def test_what_npm_has_not_brought_is_named_with_what_brings_it(tmp_path, capsys):
    assert builder().main([str(tmp_path), "--modules", str(tmp_path)]) == 2
    assert "npm install --prefix notebooks/docs/browser" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(browsers.PROGRAM is None, reason="needs Chromium")
@pytest.mark.parametrize(
    ("lesson", "exercise", "answer"),
    [
        ("03_order.zh", "3.1", "32"),
        ("09_matrices.en", "9.1", "3"),  # compiles, to a program of NumPy's
        ("15_checking.zh", "15.1", "3.01"),  # brings Hypothesis, and diagnoses an engine
    ],
)
def test_a_lesson_runs_to_the_end_with_the_network_shut(address, lesson, exercise, answer):
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.PROGRAM, args=["--no-sandbox"])
        page = browser.new_page()
        foreign = []

        def only_here(route):
            if route.request.url.startswith((address, "data:", "blob:")):
                route.continue_()
            else:
                foreign.append(route.request.url)
                route.abort()

        page.context.route("**/*", only_here)
        page.goto(f"{address}{lesson}.html")
        page.wait_for_selector("body[data-state=ready]", timeout=120_000)
        page.click("#all")
        page.wait_for_function(
            "document.body.dataset.state === 'ready' && "
            "![...document.querySelectorAll('.out')].some(out => out.textContent === '…')",
            timeout=240_000,
        )
        errors = page.eval_on_selector_all(".out .error", "parts => parts.map(part => part.textContent)")
        assert errors == []
        shown = page.inner_text("main")
        assert page.locator(".out svg, .out iframe").count() >= 1
        assert ("请把三个点换成你的答案" if lesson.endswith("zh") else "put your answer in place of") in shown
        # An answer of the reader's own.
        areas = page.locator("textarea")
        last = next(i for i in range(areas.count()) if f'"{exercise}"' in areas.nth(i).input_value())
        areas.nth(last).fill(f'check_exercise("{exercise}", {answer})')
        cell = page.locator(".cell").nth(last)
        cell.locator("button").click()
        right = "正确" if lesson.endswith("zh") else "right"
        page.wait_for_function(
            f"document.querySelectorAll('.cell')[{last}].querySelector('.out').textContent.includes('{right}')",
            timeout=60_000,
        )
        assert foreign == []
        browser.close()
