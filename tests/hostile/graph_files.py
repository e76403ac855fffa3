"""Graph files with something wrong in them, and graphs whose names say what they should not."""

import copy
import json
import math
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from hostile.rounds import hostile_round

import autograd
from autograd import TABLE, Value, explain
from autograd.errors import GraphError
from autograd.op import ANY
from autograd.render.picture.drawing import Drawing

NUMBERS = [0.0, -0.0, 1.0, -2.5, 0.5, 1e200, 5e-324, 3.0]
JUNK: list[Any] = [None, True, False, 0, -1, 1e15, 1e308, -0.5, 2.5, "", "inf", "-inf", "nan", "n0", "n1",
    "n99999999999", "v0", "v7", "add", "dot", "softmax", "polygamma",
                   "a.b", "..", "\x00", "\ud800", "a" * 50_000, "a" * 70_000, ".".join("s" * 100),
                   "s." * 5_000 + "s", [], {}, [[]], [0.0], {"nodes": []}, 10**400]  # fmt: skip
TEXTS = ["]", "]]>", "$", "$x$", "<b>", "&amp;", "&", '"', "'", "\\", "\\N", "\\end{aligned}", "%", "#", "{",
    "}", "|", "\n", "\t", "\r", "\x00", "\x1b[31m", "\ud800",
         "\udfff", "\u202e", "\u2028", "\ufffe", "\x85", "*/", "-->", "</script>", "<!--", "<![CDATA[", "`",
         "``", "~", "^", "_", "n0", "v1", "w*x", "1", "-", "", " ", "λ", "é",
         "👩‍👧", "á", "\u200b", "a" * 20_000, "->", "graph {", "//", "\\u0041", "${x}",
         "__proto__"]  # fmt: skip


def graph(rng: random.Random, names: list[str]) -> Value:
    """Return a random graph over rows of the table, with names on its nodes and scopes around some."""
    nodes = [Value(rng.choice(NUMBERS), rng.choice(names)) for _ in range(rng.choice([1, 2, 3]))]
    for _ in range(rng.choice([1, 2, 3, 5, 8])):
        op = rng.choice(list(TABLE.values()))
        operands = [rng.choice(nodes) for _ in range(rng.choice([1, 2, 3]) if op.arity == ANY else op.arity)]
        if op is autograd.ops.dot:
            nodes.append(autograd.dot(operands, [rng.choice([*nodes, 2.0]) for _ in operands]))
        else:
            nodes.append(op(*operands, **op.params))
        if rng.random() < 0.3:
            nodes[-1].label = rng.choice(names)
    return nodes[-1]


def places(x: Any) -> list[tuple[Any, Any]]:
    """Return every place of a document: the list or object, and the index or key."""
    found, waiting = [], [x]
    while waiting:
        holder = waiting.pop()
        for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
            found.append((holder, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    return found


def damaged(text: str, rng: random.Random) -> str:
    """Return the text of a graph file with one to three things wrong: a value, a key, an element, or
    characters."""
    if rng.random() < 0.2:
        for _ in range(rng.choice([1, 2, 3])):
            at = rng.randrange(len(text))
            text = (
                text[:at]
                + rng.choice(["", "{", "[", '"', ",", "0", "1e999", "-", "\x00", text[at : at + 20]])
                + text[at + rng.choice([0, 1, 2, 9]) :]
            )
        return text
    document = json.loads(text)
    for _ in range(rng.choice([1, 1, 2, 3])):
        holder, key = rng.choice(places(document))
        alike = [copy.deepcopy(x[k]) for x, k in places(document) if type(x[k]) is type(holder[key])]
        value: Any = rng.choice(
            copy.deepcopy(JUNK)
            if rng.random() < 0.4
            else [*alike, *(JUNK[:12] if isinstance(holder[key], float) else TABLE)]
        )
        kind = rng.random()
        if kind < 0.5:
            holder[key] = value
        elif kind < 0.7:
            del holder[key]
        elif isinstance(holder, dict):
            holder[rng.choice(["label", "scope", "op", "operands", "local", "grad", "data", "other"])] = value
        else:
            holder.insert(key, rng.choice([copy.deepcopy(holder[key]), value]))
        if not places(document):
            break
    return json.dumps(document)


def well_formed(drawing: Drawing) -> None:
    """Parse a picture, as a browser does."""
    ET.fromstring(drawing.svg())


@hostile_round(
    "one sentence that names the place, or a graph that is drawn, derived, stepped through and "
    "differentiated", 120,
)
def graph_files(rng: random.Random, folder: Path) -> str:
    """Load one damaged graph file, and do everything with what loads."""
    text = damaged(autograd.to_json(graph(rng, ["", "x", "w", "b"])), rng)
    try:
        root = autograd.from_json(text)
    except GraphError as error:
        message = str(error)
        assert message.startswith(("not a graph: ", "node ", "a graph of version ")), message
        assert len(message) < 600, message
        return "refused"
    well_formed(autograd.draw(root, engine="builtin"))
    assert str(explain(root))
    assert str(explain(root, style="latex"))
    assert autograd.stepper(root).html
    root.backward()
    assert autograd.from_json(autograd.to_json(root)).data == root.data or math.isnan(root.data)
    return "loaded"


@hostile_round(
    "pictures that XML, pages that JSON, and text that UTF-8 readers accept; DOT that Graphviz does", 60
)
def names(rng: random.Random, folder: Path) -> str:
    """Write a graph of hostile names in every format, and read it with the format's own reader."""
    words = ["".join(rng.choice(TEXTS) for _ in range(rng.choice([1, 2, 3]))) for _ in range(4)]
    root = graph(rng, words)
    root.backward()
    drawing = autograd.draw(root, engine="builtin")
    well_formed(drawing)
    for style in ("text", "latex", "markdown"):
        assert str(explain(root, style=style)).encode()
    assert drawing.to_mermaid().encode()
    assert drawing.listing().encode()
    data = re.search(
        r'<script type="application/json"[^>]*>(.*?)</script>', autograd.stepper(root).html, re.DOTALL
    )
    if data:
        json.loads(data[1])
    page = autograd.stepper(root).html
    assert page.lower().count("</script>") == page.lower().count("<script")
    page.encode()
    again = autograd.from_json(autograd.to_json(root))
    assert again.label == root.label
    dot = drawing.source
    if rng.random() < 0.1 and (program := shutil.which("dot")):
        done = subprocess.run(
            [program, "-Tdot"], input=dot.encode(), capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return "read by Graphviz"
    return "read"
