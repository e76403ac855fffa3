"""The live page in a browser: it computes and says what the engine does, and asks about every step."""

import re
from urllib.parse import quote

import pytest
from browsers import chromium

from autograd import Value
from autograd.cli.arguments import build
from autograd.render import explain, live
from autograd.render.derive.derivation import coloured_edges
from autograd.render.derive.steps import steps
from autograd.render.formula.text import plain
from autograd.render.labels import number

pytestmark = pytest.mark.browser

EXPRESSIONS = [
    "tanh(w*x+b)", "(tanh(w*x + b) - x)**2", "w*w*w - -w/3", "-w**2 + 2**x", "w^3*x^-1",
    "relu(x)*relu(-x) + w", "leaky_relu(-x, 0.1) + elu(-w, alpha=2)", "max(w, x, b, 1) - min(w, x)",
    "where(w > x, sin(w), cos(x)) * b", "logsumexp(w, x, b, 2)", "softmax(w, x, b, index=1)",
    "norm(w, x, b)", "hypot(w, x)*atan2(b, x)", "w // x + x % b", "gelu(w)*erf(x) - softplus(b)",
    "log(x)/sqrt(x) - exp(w)**x", "clamp(w, low=0, high=2)*floor(x)", "2*3*w - (1)", "(w + x)*(w + x)",
    "dot(w, x, b, 2)", "log(0*x)", "1/(w - w)", "maximum(w, w)", "pow(x, w) + prod(w, x, b)", "((w)) >= x",
    "tau*w + pi", "abs(b)**0.5", "logaddexp(w, x)*cbrt(b)", "asinh(w)*xlogy(w, x)",
]  # fmt: skip
"""Each is put into the page as a reader types it."""

REFUSED = {
    "": "write an expression", "w +": "something is missing at the end",
    "w w": "this is not expected here", "alert(1)": "there is no function alert",
    "constructor(w)": "there is no function constructor", "__proto__(w)": "there is no function",
    "w.constructor.constructor('x')()": "not allowed", "w[0]": "not allowed",
    "toString(w)": "there is no function", "tnah(w)": "did you mean tanh?", "${w}": "not allowed",
    "`w`": "not allowed",
    "(w": "a bracket is not closed", "sin(w, x)": "takes one operand",
    "3 + 4": "it has no variable", "w = 2": "it has no variable", "w = x; w = x + 1": "has a meaning already",
    "(" * 500 + "w" + ")" * 500: "too deeply nested", "w" + "+w" * 3000: "the limit is",
    "w" + "+w" * 500: "more than 400 operations", "pi = w": "is a constant", "1e999*w": "too large",
    "softmax(w, x, index=5)": "index", "round(w, 0.5)": "whole number",
    "elu(w, x)": "is a number, not a variable",
    "\u202ew": "not allowed", "<img src=x onerror=alert(1)>": "a number, a name or a bracket is missing",
}  # fmt: skip

TYPE = """text => {
    const area = document.getElementById('source');
    area.value = text;
    area.dispatchEvent(new Event('input'));
    const fault = document.getElementById('fault');
    const texts = id => [...document.querySelectorAll(id)].map(x => x.textContent);
    return { fault: fault.hidden ? '' : fault.textContent, forward: texts('#forward button'),
        backward: texts('#backward button'), results: texts('#results li') };
}"""

ASK = """() => {
    const quiz = document.getElementById('quiz'), found = [];
    if (quiz.getAttribute('aria-pressed') !== 'true') quiz.click();
    const count = document.querySelectorAll('#backward button').length;
    for (let k = 0; k < count; k++) {
        document.querySelectorAll('#backward button')[k].click();
        const answers = [...document.querySelectorAll('#answers button')];
        const texts = answers.map(b => b.textContent);
        answers[k % 4].click();
        found.push({ texts, right: texts[answers.findIndex(b => b.className === 'right')],
            chosen: texts[k % 4], verdict: document.getElementById('verdict').textContent,
            step: document.querySelectorAll('#backward button')[k].textContent });
    }
    const score = document.getElementById('score').textContent;
    quiz.click();
    return [found, score];
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Open a page; at the end, assert that nothing was requested but the file, and nothing went wrong."""
    path, trouble = tmp_path_factory.mktemp("live") / "live.html", []
    live(build("tanh(w*x+b)", ["w=0.5,x=2,b=-0.3"])[0], expression="tanh(w*x+b)").save(path)
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on("dialog", lambda dialog: trouble.append(dialog.message))
        tab.on(
            "request",
            lambda request: request.url.partition("#")[0] == path.as_uri() or trouble.append(request.url),
        )
        tab.address = path.as_uri()
        tab.goto(tab.address)
        yield tab
    assert trouble == []


def shows(line):
    return f"[...document.querySelectorAll('#forward button')].some(b => b.textContent === {line!r})"


def until(page, condition):
    """Wait for something, without an evaluation of text that the page itself forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(10)
    raise AssertionError(condition)


def fresh(page, fragment=""):
    page.goto("about:blank")
    page.goto(page.address + fragment)


def test_what_is_typed_is_computed_and_derived_as_the_engine_does(page):
    fresh(page)
    names = {"w": 0.5, "x": 2.0, "b": -0.3}
    for expression in EXPRESSIONS:
        given = [f"{k}={v}" for k, v in names.items() if re.search(rf"\b{k}\b", expression)]
        root, _ = build(expression, given)
        listed, said = steps(root), page.evaluate(TYPE, expression)
        assert said["fault"] == "", expression
        assert [line.rpartition(" = ")[2] for line in said["forward"]] == [
            number(f.value) for f in listed.forward
        ], expression
        ran = [line for line in said["backward"] if "left as it is" not in line]
        assert [line.rpartition(" * ")[2].split("  ") for line in ran] == [
            [f"{number(s.upstream)} = {number(s.contribution)}", f"[{number(s.before)} -> {number(s.after)}]"]
            for s in listed.backward
        ], expression
        locals_ = [re.search(r"(\S+?)\)? \* \S+ = \S+  \[", line)[1].lstrip("(") for line in ran]
        assert locals_ == [number(s.local) for s in listed.backward], expression
        gradients = {listed.names[v]: number(g) for v, g in listed.gradients.items() if v.op is None}
        assert {r.split(" = ")[0].partition("/d")[2]: r.split(" = ")[1] for r in said["results"]} == gradients


def test_a_program_of_lines_is_the_graph_that_it_was_written_from(page):
    w, x = Value(0.5, "w"), Value(2.0, "x")
    z = w * x
    z.label = "z"
    loss = (z + 1) * z.sin()
    loss.label = "L"
    fresh(page)
    said = page.evaluate(TYPE, live(loss).source)
    assert [line.rpartition(" = ")[2] for line in said["forward"]] == [
        number(f.value) for f in steps(loss).forward
    ]
    assert "z = w*x = 0.5000*2 = 1" in said["forward"]


def test_what_is_no_expression_is_said_and_nothing_of_it_runs(page):
    fresh(page)
    before = page.evaluate(TYPE, "w*x")["results"]
    for text, part in REFUSED.items():
        said = page.evaluate(TYPE, text)
        assert part in said["fault"], text[:40]
        assert "^" in said["fault"]
        assert said["results"] == before
    said = page.evaluate(TYPE, "__proto__*constructor + hasOwnProperty")
    assert said["fault"] == ""
    assert "d" in said["results"][0]


def test_every_step_is_asked_with_four_answers_that_differ(page):
    fresh(page)
    asked = 0
    asked_about = ["(tanh(w*x + b) - x)**2", "w*w*w", "where(w > x, w, x*0)", "1/(w - w)", "max(w, x, 0*b)"]
    for expression in asked_about:
        page.evaluate(TYPE, expression)
        found, score = page.evaluate(ASK)
        for k, question in enumerate(found):
            assert len(set(question["texts"])) == 4, (expression, k, question)
            assert question["right"] in question["texts"]
            right = question["chosen"] == question["right"]
            assert question["verdict"].startswith("Right." if right else "Not quite."), question
            assert len(question["verdict"]) > 30
            after = re.search(r"-> (\S+)\]", question["step"])
            assert after is None or after[1].replace("-", "\u2212") == question["right"]
        assert score == f"{sum(q['chosen'] == q['right'] for q in found)} of {len(found)} right"
        asked += len(found)
    assert asked == 25


def test_the_question_and_its_verdict_come_into_view(page):
    fresh(page)
    page.set_viewport_size({"width": 1280, "height": 560})
    below = "document.getElementById('ask').getBoundingClientRect().bottom - innerHeight"
    page.click("#quiz")
    assert page.evaluate(below) <= 0.5
    page.click("#answers button")
    assert page.locator("#verdict").text_content()
    assert page.evaluate(below) <= 0.5
    page.set_viewport_size({"width": 1280, "height": 800})


def test_the_factors_of_a_derivative_have_the_colours_of_the_explanation(page):
    fresh(page)
    asked = {"(tanh(w*x + b) - x)**2": "x", "w*w*sin(x) - b": "w", "relu(0-w)*x + w*b": "w"}
    for expression, at in asked.items():
        names = [r.split(" = ")[0].partition("/d")[2] for r in page.evaluate(TYPE, expression)["results"]]
        chosen = page.locator("#results button").nth(names.index(at))
        if chosen.get_attribute("aria-pressed") == "false":
            chosen.click()
        root, variables = build(expression, ["w=0.5,x=2,b=-0.3"])
        listed = steps(root)
        factors = coloured_edges(root, variables[at])
        expected = [factors.get((s.node, s.position)) for s in listed.backward]
        marked = "marks => marks.map(mark => Number(mark.className.slice(1)))"
        found = page.eval_on_selector_all("#backward em", marked)
        assert found == [k for k in expected if k is not None], expression
        chosen.click()
        assert page.locator("#backward em").count() == 0 == page.locator("#stage .f0").count()


def test_rows_of_many_operands_have_the_formulas_of_the_explanation(page):
    fresh(page)
    for call in (
        "softmax(w, x, b, index=0)", "softmax(x, w, b, w, index=2)", "log_softmax(w, x, b, index=1)",
        "dot(w, x, b, w)", "dot(w, x, b, x, b, w, x, b)", "logsumexp(w, x, b)", "norm(w, x, b, w)",
        "mean(w, x, b)", "prod(w, x, b)",
    ):  # fmt: skip
        said = page.evaluate(TYPE, f"f = {call}")
        root, _ = build(call, ["w=0.5,x=2,b=-0.3"])
        root.label = "f"
        for line, row in zip(said["backward"], explain(root).derivation.rows, strict=True):
            shown = plain(row.formula)
            assert f"= ({shown} = {number(row.step.local)}) * 1" in line or f"= {shown} * 1" in line, call


def test_dragging_moves_values_gradients_and_curves(page):
    fresh(page)
    slider, curve = page.locator("#inputs input[type=range]").first, page.locator("#inputs .plot").first
    before = curve.inner_html()
    slider.fill("1.5")
    until(page, shows("w = 1.5000"))
    assert page.locator("#inputs input[type=number]").first.input_value() == "1.5"
    assert curve.inner_html() != before
    root, variables = build("tanh(w*x+b)", ["w=1.5,x=2,b=-0.3"])
    root.backward()
    assert page.locator("#results li").all_inner_texts() == [
        f"df/d{name} = {number(v.grad)}" for name, v in variables.items()
    ]
    page.locator("#inputs input[type=number]").first.fill("250")
    until(page, shows("w = 250"))
    assert float(slider.get_attribute("max")) > 250


def test_keys_step_play_ask_and_help(page):
    fresh(page)
    page.evaluate("document.activeElement.blur()")
    for key, phase in [("Home", "Start"), ("ArrowRight", "Forward 1 of 6"), ("End", "Backward 5 of 5"),
                       ("ArrowLeft", "Backward 4 of 5")]:  # fmt: skip
        page.keyboard.press(key)
        assert page.inner_text("#phase") == phase
    page.keyboard.press("q")
    assert page.is_visible("#ask")
    page.keyboard.press("1")
    assert page.inner_text("#verdict")
    page.keyboard.press("q")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    assert page.get_attribute(".say", "aria-live") == "polite"
    page.focus("#last")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-label") == "Play"


def test_arrowheads_turn_with_the_pass(page):
    fresh(page)
    tips = (
        "[...document.querySelectorAll('.edge')].map("
        "g => getComputedStyle(g.querySelector('.tip.back')).display)"
    )
    assert set(page.evaluate(tips)) == {"inline"}
    page.click("#first")
    assert set(page.evaluate(tips)) == {"none"}


def test_the_address_holds_expression_and_inputs(page):
    fresh(page, f"#e={quote('sin(e)*k')}&e=0.25&k=3")
    assert page.input_value("#source") == "sin(e)*k"
    assert page.evaluate(shows("e = 0.2500"))
    page.locator("#inputs input[type=number]").nth(1).fill("4")
    until(page, "location.hash.endsWith('k=4')")
    fresh(page, "#e=alert(1)%3C/script%3E&x=1")
    assert "no function alert" in page.inner_text("#fault")
    fresh(page, "#e=%E0%A4%A")
    assert page.input_value("#source") == "tanh(w*x+b)"


def test_the_picture_and_the_derivation_are_copied_whole(page):
    fresh(page)
    page.evaluate("navigator.clipboard.writeText = async text => { window.copied = text; }")
    page.click("#copy summary")
    page.click("[data-copy=svg]")
    svg = page.evaluate("window.copied")
    read = "text => new DOMParser().parseFromString(text, 'image/svg+xml').documentElement.tagName"
    assert page.evaluate(read, svg) == "svg"
    assert "var(" not in svg
    page.click("#copy summary")
    page.click("[data-copy=latex]")
    latex = page.evaluate("window.copied")
    assert r"f &= \tanh v_{2} = 0.6044" in latex
    assert r"\bar{v_{2}} &\mathrel{+}= (1 - f^{2}) \cdot \bar{f} = 0.6347 \cdot 1 = 0.6347" in latex
    page.click("#copy summary")
    page.click("[data-copy=link]")
    assert page.evaluate("window.copied").endswith("#e=tanh(w*x%2Bb)&w=0.5&x=2&b=-0.3")


def test_a_phone_shows_it_without_scrolling_sideways(page):
    page.set_viewport_size({"width": 400, "height": 800})
    fresh(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    small = (
        "[...document.querySelectorAll('button, summary, input[type=range]')]"
        ".filter(b => b.offsetHeight && b.offsetHeight < 28).length"
    )
    assert page.evaluate(small) == 0
    page.set_viewport_size({"width": 1280, "height": 800})


def test_in_a_notebook_the_frame_is_as_high_as_the_page_and_follows_it(page):
    w, x = Value(0.5, "w"), Value(2.0, "x")
    tab = page.context.browser.new_page()
    tab.set_content(f"<!doctype html><body>{live((w * x).tanh())._repr_html_()}</body>")
    height = "document.querySelector('iframe').offsetHeight"
    (inside,) = tab.frames[1:]
    body = "document.body.offsetHeight"

    def settled():
        for _ in range(100):
            if abs(tab.evaluate(height) - min(2400, inside.evaluate(body))) <= 1:
                return tab.evaluate(height)
            tab.wait_for_timeout(50)
        return None

    before = settled()
    assert before not in (None, 900)
    assert inside.evaluate("document.documentElement.scrollHeight") <= before
    tab.set_viewport_size({"width": 420, "height": 800})
    assert settled() not in (None, before)
    tab.close()
