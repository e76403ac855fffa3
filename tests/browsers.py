"""Headless Chromium for the tests that look at pages."""

import contextlib
import shutil

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@contextlib.contextmanager
def chromium():
    """Start a browser, or skip the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if PROGRAM is None:
        pytest.skip("no chromium")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=PROGRAM, args=FLAGS.split())
        try:
            yield browser
        finally:
            browser.close()
