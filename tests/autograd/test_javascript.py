"""The rows in JavaScript: value and partials are the engine's, in a browser or, without one, in node."""

import json
import math
import random
import shutil
import subprocess

import pytest
from browsers import chromium

from autograd.native.javascript import Script, literal
from autograd.ops import TABLE

POINTS = 2000
ULPS = 20.0
"""Measured: 16 next to a zero of gelu's slope, 7 of a Bessel function far out, at most 4 elsewhere."""


@pytest.fixture(scope="module")
def evaluated():
    """Yield what runs a script and returns the list of texts that it leaves in ``out``."""
    if shutil.which("chromium"):
        with chromium() as browser:
            page = browser.new_page()
            yield lambda program: page.evaluate(f"() => {{ {program}\nreturn out; }}")
        return
    node = shutil.which("node")
    if node is None:
        pytest.skip("neither chromium nor node")

    def in_node(program):
        text = f"{program}\nconsole.log(JSON.stringify(out));"
        result = subprocess.run([node, "-"], input=text, capture_output=True, text=True, check=True)
        return json.loads(result.stdout)

    yield in_node


def called(function, numbers):
    """Return a statement that leaves a row's results as texts, or what was thrown."""
    given = ", ".join(map(literal, numbers))
    listed = f"[{function}({given})].flat().map(String)"
    return f"try {{ out.push({listed}); }} catch (e) {{ out.push(String(e)); }}"


def coordinate(rng, low, high):
    """Return a number of a domain: mostly of ordinary size, else from an end or far out."""
    near, far = max(low, -6.0), min(high, 6.0)
    if far <= near:
        near, far = low, low + 6.0
    x = rng.uniform(near, far)
    if rng.random() < 0.2:
        x = rng.choice([near, far, rng.uniform(-800.0, 800.0), 10.0 ** rng.uniform(-130.0, 130.0)])
    return x if low <= x <= high else rng.uniform(near, far)


def constant(rng, op, name, count):
    """Return a constant that a row takes beside its operands."""
    value = op.params[name]
    if name in op.whole:
        low, high = op.whole[name]
        return min(max(value, low, float(rng.randrange(3))), high)
    if name == "index":
        return float(rng.randrange(count))
    return rng.choice([value, rng.uniform(0.1, 3.0)]) if math.isfinite(value) else value


def point(rng, op):
    """Return operands and constants."""
    count = 4 if op.vectors else op.arity if op.arity > 0 else rng.randrange(1, 5)
    domains = [op.domain[min(i, len(op.domain) - 1)] for i in range(count)]
    xs = [coordinate(rng, *domain) for domain in domains]
    return [*xs, *(constant(rng, op, name, count) for name in op.params)]


def gaps_of(op):
    """Return which functions of one row have statements that are not understood."""
    script = Script()
    script.value(op)
    script.partials(op)
    return script.gaps


def apart(a, b):
    """Return by how many units of the last place two numbers differ."""
    if a == b or (a != a and b != b):
        return 0.0
    return abs(a - b) / math.ulp(a) if math.isfinite(a) and math.isfinite(b) else math.inf


def test_values_and_partials_are_the_engines_at_random_points(evaluated):
    rng, script = random.Random(8), Script()
    names = {op: (script.value(op), script.partials(op)) for op in TABLE.values()}
    rows, calls, expected = list(TABLE.values()), [], []
    for k in range(POINTS):
        op = rows[k % len(rows)]
        xs = point(rng, op)
        y = op.value(*xs)
        value, partials = names[op]
        calls += [called(value, xs), called(partials, [y, *xs])]
        expected += [(op, xs, [y]), (op, xs, op.local(y, tuple(xs)))]
    found = evaluated("\n".join([script.text(), "const out = [];", *calls]))
    thrown = []
    for (op, xs, numbers), texts in zip(expected, found, strict=True):
        if isinstance(texts, str):
            assert texts.endswith("beyond doubles"), (op.name, xs, texts)
            thrown.append(op)
            continue
        got = [float(t.replace("Infinity", "inf")) for t in texts]
        assert len(got) == len(numbers), op.name
        for a, b in zip(numbers, got, strict=True):
            assert apart(float(a), b) <= ULPS, (op.name, xs, a, b)
    # Rows with decimal numbers at the ends of the range of doubles, where JavaScript has none.
    assert len(thrown) < POINTS / 100
    assert all(gaps_of(op) for op in thrown)


def test_special_values_of_elementary_rows(evaluated):
    script, calls, expected = Script(), [], []
    specials = [0.0, -0.0, 1.0, -1.0, 710.0, -745.2, 5e-324, 1.7e308, -1.7e308, math.inf, -math.inf, math.nan]
    for op in TABLE.values():
        if op.arity != 1 or op.params:
            continue
        value = script.value(op)
        for x in specials:
            calls.append(called(value, [x]))
            expected.append((op, x, op.value(x)))
    found = evaluated("\n".join([script.text(), "const out = [];", *calls]))
    for (op, x, y), texts in zip(expected, found, strict=True):
        if isinstance(texts, str):
            assert texts.endswith("beyond doubles"), (op.name, x, texts)
            assert gaps_of(op), op.name
            continue
        assert apart(y, float(texts[0].replace("Infinity", "inf"))) <= ULPS, (op.name, x, y, texts)


def test_what_is_not_understood_throws_and_is_listed():
    script = Script()
    script.value(TABLE["polygamma"])
    assert script.gaps == {"$polygamma": ["With"]}
    assert "beyond doubles" in script.text()
