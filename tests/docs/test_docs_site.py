"""The site builds without a warning, its links lead somewhere, it loads nothing from elsewhere and fits a
phone."""

import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import browsers
import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("mkdocs", "material", "mkdocstrings", "latex2mathml")
pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(tool) is None for tool in TOOLS),
    reason="pip install '.[docs]' brings what builds the site",
)


class Page(HTMLParser):
    """What a page points to, what it loads, and what can be pointed at."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "link" and "canonical" not in (given.get("rel") or "") and given.get("href"):
            self.loads.append(given["href"])
        elif tag in ("script", "img", "iframe", "source", "audio", "video") and given.get("src"):
            self.loads.append(given["src"])


def built(folder):
    """Build the site; return what the build said that it should not."""
    config = ROOT / "notebooks" / "docs" / "mkdocs.yml"
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "-f",
        str(config),
        "-d",
        str(folder),
    ]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    # No proxy leads anywhere: a build that fetched something would fail here.
    environment |= dict.fromkeys(
        ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"
    )
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    return (said or "no word") if done.returncode or "WARNING" in said else ""


@pytest.fixture(scope="session")
def site(once):
    return once("site", built)


@pytest.fixture(scope="session")
def pages(site):
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_internal_links_lead_to_a_page_and_a_place_on_it(site, pages):
    broken = []
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # its links are those of a server's root
        for link in page.links + page.loads:
            if urlparse(link).scheme:
                continue
            file, fragment = urldefrag(link)
            target = (path.parent / unquote(file)).resolve() if file else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (
                fragment and target in pages and unquote(fragment) not in pages[target].ids
            ):
                broken.append(f"{path.relative_to(site)} -> {link}")
    assert not broken, "\n".join(broken)
    assert sum(len(page.links) for page in pages.values()) > 500


def test_a_page_in_chinese_is_chinese_throughout_and_each_language_leads_to_the_other(site):
    chinese = [path for path in site.rglob("*.html") if "zh" in path.relative_to(site).parts]
    assert len(chinese) > 20
    for path in chinese:
        text = path.read_text(encoding="utf-8")
        assert '<html lang="zh"' in text, path
        navigation = text.partition('class="md-nav md-nav--primary')[2].partition('class="md-content"')[0]
        assert "课程" in navigation
        assert not re.search(r"\b(Start|Reference|Gallery|Previous|Next)\b", navigation), path
    links = {lang: name for name, lang in re.findall(
        r'<a href="([^"]*)" hreflang="(en|zh)"',
        (site / "course" / "zh" / "01_slope.html").read_text(encoding="utf-8"),
    )}  # fmt: skip
    assert links == {"en": "../01_slope.html", "zh": "01_slope.html"}
    start = (site / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en"' in start
    assert 'href="zh/index.html" hreflang="zh"' in start
    assert "首页" not in start


def test_the_search_cuts_english_into_words_and_chinese_into_characters(site):
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    said = "由链式法则，用gradcheck检验 the chain-rule"
    words = [word for word in re.split(index["config"]["separator"], said) if word]
    assert words == [*"由链式法则用", "gradcheck", *"检验", "the", "chain", "rule"]


def test_nothing_is_loaded_from_elsewhere(site, pages):
    foreign = [
        f"{path.relative_to(site)} -> {load}"
        for path, page in pages.items()
        for load in page.loads
        if urlparse(load).scheme not in ("", "data")
    ]
    for sheet in site.rglob("*.css"):
        foreign += [
            f"{sheet.name}: {url}"
            for url in re.findall(
                r"(?:url\(|@import\s+)['\"]?(https?:[^'\")]*)", sheet.read_text(encoding="utf-8")
            )
        ]
    assert not foreign, "\n".join(foreign)


def test_every_operation_is_in_the_table(site):
    from autograd import TABLE

    text = (site / "operations.html").read_text(encoding="utf-8")
    listed = re.findall(r'id="op-(\w+)"', text)
    project = {name for name, op in TABLE.items() if op.source}  # rows that other tests made have none
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(TABLE)
    assert not project - set(listed)
    assert text.count("<math") >= 2 * len(listed)


def test_every_public_name_is_in_the_reference(pages):
    import autograd
    import nn

    paths = [
        i.split(".") for path, page in pages.items() if "api" in path.parts for i in page.ids if "." in i
    ]
    documented = {path[-1] for path in paths if path[-2][0].islower()}  # a class's method is no public name
    wanted = set()
    modules = [nn, *(module for name in nn.__all__ if inspect.ismodule(module := getattr(nn, name)))]
    for module in modules:
        wanted |= {
            name
            for name in module.__all__
            if inspect.isclass(getattr(module, name)) or inspect.isfunction(getattr(module, name))
        }
    for name in {*dir(autograd)} - {*autograd.TABLE}:
        found = getattr(autograd, name)
        if not name.startswith("_") and callable(found) and found.__module__.startswith("autograd"):
            wanted.add(name)
    assert len(wanted) > 90
    assert sorted(wanted - documented) == []


@pytest.mark.browser
def test_pages_fit_a_desktop_and_a_phone_and_ask_for_nothing(site, pages):
    playwright = pytest.importorskip("playwright.sync_api")
    if not browsers.PROGRAM:
        pytest.skip("there is no Chromium")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ]
    broad, asked, errors = [], [], []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=browsers.PROGRAM, args=[*flags, "--disable-component-update", "--disable-sync"]
        )
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        for path in pages:
            if path.name == "404.html":
                continue
            page.goto(path.as_uri())
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 800})
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    broad.append(f"{path.relative_to(site)} at {width}")
        browser.close()
    assert not broad
    assert not errors
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
