"""What runs a cell in a browser's Python: its outputs as kinds and texts, as a notebook would show them."""

import ast
import contextlib
import importlib
import io
import json
import os
import sys
import traceback
import zipfile
from importlib.machinery import PathFinder

from js import XMLHttpRequest

sys.path.insert(0, "/course")
os.environ["CHAINRULE_LANG"] = globals().get("LANG", "en")
NAMES = {"__name__": "__main__"}
BESIDE = {"numpy", "hypothesis", "mpmath"}


class Beside:
    """Finds the packages that lie beside the page: each is loaded when it is first imported."""

    @staticmethod
    def find_spec(name, *_):
        if name not in BESIDE:
            return None
        BESIDE.discard(name)
        request = XMLHttpRequest.new()
        request.open("GET", f"{name}.zip", False)
        request.responseType = "arraybuffer"
        request.send()
        with zipfile.ZipFile(io.BytesIO(request.response.to_bytes())) as archive:
            archive.extractall("/course")
        importlib.invalidate_caches()
        return PathFinder.find_spec(name)


sys.meta_path.append(Beside)


def run(source):
    """Run a cell; return JSON of its outputs, each a kind (text, error, html) and what is shown."""
    outputs, printed = [], io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            body = ast.parse(source).body
            last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
            exec(compile(ast.Module(body, []), "cell", "exec"), NAMES)
            if last is not None:
                shown = eval(compile(ast.Expression(last.value), "cell", "eval"), NAMES)
                outputs += _shown(shown)
        except BaseException as error:  # noqa: BLE001  a reader's cell may raise anything
            lines = traceback.format_exception(type(error), error, error.__traceback__.tb_next)
            outputs.append(["error", "".join(lines)])
    text = printed.getvalue()
    return json.dumps(([["text", text]] if text else []) + outputs)


def _shown(value):
    """Return a value as a notebook shows it: the richest form that it has."""
    if value is None:
        return []
    bundle = value._repr_mimebundle_() if hasattr(value, "_repr_mimebundle_") else {}
    html = bundle.get("text/html") or (value._repr_html_() if hasattr(value, "_repr_html_") else "")
    picture = bundle.get("image/svg+xml") or (value._repr_svg_() if hasattr(value, "_repr_svg_") else "")
    if html or picture:
        return [["html", html or picture]]
    return [["text", f"{value!r}\n"]]
