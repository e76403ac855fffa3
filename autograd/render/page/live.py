"""live(root): one page in which an expression is typed, its inputs are dragged, and everything follows.

The page computes by itself: the rules of the rows come from the table, translated to JavaScript
(`autograd.native.javascript`), and formulas from the text and LaTeX of every other rendering. So it holds the
rows that are short in JavaScript, and those of the graph that it begins with.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from autograd.errors import GraphError
from autograd.form import Auxiliary, Power, Prefix
from autograd.native.generate import UntranslatableError
from autograd.native.javascript import Script
from autograd.op import ANY, TABLE, Op
from autograd.render import colours, escape
from autograd.render.derive.derivation import PATHS_SHOWN
from autograd.render.derive.steps import Steps, steps
from autograd.render.formula.latex import latex
from autograd.render.formula.symbols import apply_raw, candidates, name
from autograd.render.formula.text import plain
from autograd.render.labels import number
from autograd.render.page import compact
from autograd.render.page.page import Page
from autograd.render.page.stepper import filled
from autograd.render.picture import engines
from autograd.render.picture.palette import DARK, LIGHT
from autograd.render.picture.svg import to_svg
from autograd.value import Value
from autograd.words import current, gettext, language

__all__ = ["Live", "live"]

LIMIT: Final = 150
LENGTH: Final = 5000
"""Rows whose JavaScript, with all that it calls, is longer are left out, unless the graph has them."""
COUNTS: Final = (1, 2, 3, 4)
"""For how many operands the page has formulas of rows that take any number."""
EXPONENTS: Final = (2.0, 3.0, 4.0, -1.0, 0.5)
"""For which constant exponents it has simplified formulas."""
CONSTANTS: Final = {"pi": math.pi, "tau": math.tau}
SIGNS: Final = {
    "+": "+", "-": "-", "*": "*", "/": "/", "//": "//", "%": "%", "**": "**", ">": ">", "≥": ">=", "<": "<",
    "≤": "<=",
}  # fmt: skip
"""What is typed for an operator, by the symbol of its row."""
BINDS: Final = {">": 1, ">=": 1, "<": 1, "<=": 1, "+": 2, "-": 2, "*": 3, "/": 3, "//": 3, "%": 3, "**": 6}
NEGATIVE: Final = 4
"""How tightly a minus sign in front binds."""
ATOM: Final = 7


class Live(Page):
    """A page as text, with ways to put it out.

    Attributes
    ----------
    html : str
        The whole page; it loads nothing from elsewhere.
    svg : str
        A picture of the graph that it begins with, for notebooks that are not trusted.
    source : str
        The expression that it begins with.
    """

    file = "live.html"
    grows = True

    def __init__(self, html: str, svg: str, source: str) -> None:
        super().__init__(html, svg)
        self.source, self.title = source, gettext("A computation graph, live")


def live(root: Value, *, title: str = "", expression: str = "", lang: str | None = None) -> Live:
    """Make a page in which the graph is an expression to edit, and its inputs are sliders.

    The picture, the values, each step of the backward pass, the derivation and a plot of the output along
    each input follow while one types and drags. A quiz asks what the next gradient will be; its wrong answers
    are those of engines with one fault. The address keeps expression and inputs.

    Parameters
    ----------
    root
        The output of a graph; its leaves become inputs, called as they are labelled.
    title
        Heading of the page.
    expression
        How the graph is written, in the syntax of the command line; by default it is written from the graph,
        with a line for each node that has a label or more than one consumer.
    lang
        Language of the page's words, ``"en"`` or ``"zh"``; by default what ``CHAINRULE_LANG`` names, else
        English.

    Returns
    -------
    Live
        ``.save("live.html")`` writes the page; a notebook shows it by itself.

    Raises
    ------
    GraphError
        If the graph has more than 150 nodes, or an operation that is none of the table's.
    ValueError
        If there are no words in that language.

    Examples
    --------
    >>> w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b")
    >>> page = live((w * x + b).tanh())
    >>> page.source
    'tanh(w*x + b)'
    >>> "http" in page.html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "").replace(
    ...     "https?", "")
    False
    """
    if not isinstance(root, Value):
        raise TypeError(gettext("live() takes a Value, got {kind}", kind=type(root).__name__))
    with language(lang):
        return _made(root, title, expression)


def _made(root: Value, title: str, expression: str) -> Live:
    """Make the page in the language in force."""
    listed = steps(root)
    if len(listed.nodes) > LIMIT:
        raise GraphError(gettext(
            "the graph has {count} nodes; a page of more than {LIMIT} would not be read. Take a part of it, "
            "or draw(root, depth=1)",
            count=len(listed.nodes), LIMIT=LIMIT,
        ))  # fmt: skip
    used = {node.op for node in listed.nodes if node.op is not None}
    for op in used:
        if TABLE.get(op.name) is not op:
            raise GraphError(gettext(
                "{name}() is none of the table's operations, so that a page cannot compute it",
                name=op.name,
            ))  # fmt: skip
    names = typed_names(listed)
    source = expression or written(listed, names)
    values = {names[v]: v.data for v in listed.nodes if v.op is None}
    shown = filled(listed, "LR")
    placed, news = engines.place(shown, flow=True, labels=True, engine="auto", timeout=engines.TIMEOUT)
    svg = to_svg(shown, placed, flow=True, bands=False, slim=True, news=news)
    data = {
        "source": source, "at": values, "rows": rows_for(used), "signs": signs(), "constants": CONSTANTS,
        "style": picture_style(), "factors": len(colours.FACTORS), "paths": PATHS_SHOWN,
    }  # fmt: skip
    page = _page(title or gettext("Backpropagation, live"), data, rules_for(used), _fallback(listed))
    return Live(page, svg, source)


def _page(title: str, data: dict[str, Any], rules: str, fallback: str) -> str:
    css = compact.style("live.css").replace("{light}", _variables(LIGHT)).replace("{dark}", _variables(DARK))
    css = css.replace("{factors}", colours.sheet("color")).replace(
        "{factorsdark}", colours.sheet("color", dark=True)
    )
    written = compact.text("page.js") + compact.text("live.js")
    script = f'(()=>{{"use strict";\n{rules}{compact.script(written)}}})();'
    # Infinite numbers as JSON may have them.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    text = re.sub(r"(?<=[\[:,])(-?)Infinity\b", r"\g<1>1e999", text)
    parts = {
        "title": escape.xml(title), "css": css, "data": text, "script": script.replace("</", "<\\/"),
        "fallback": escape.xml(fallback), "lang": current().replace("_", "-"),
    }  # fmt: skip
    shown = compact.spoken(compact.text("live.html"))
    return re.sub(rf"\{{({'|'.join(parts)})\}}", lambda found: parts[found[1]], shown)


def _variables(palette: dict[str, str]) -> str:
    return ";".join(f"--{key}:{color}" for key, color in palette.items())


@lru_cache(maxsize=1)
def picture_style() -> str:
    """Return the style sheet of the page's picture, which is part of it wherever it is copied to."""

    def factors(*, dark: bool) -> str:
        parts = (("fill", " .local"), ("stroke", " .wire"), ("fill", " .tip"))
        rules = [rule for what, part in parts for rule in colours.factor_rules(what, part, dark=dark)]
        return "".join(f"{part}{{{rule}}}" for part, rule in rules)

    def colors(c: dict[str, str]) -> str:
        tones = "".join(
            f".t-{key}{{fill:{c[key]}}}" for key in c if re.fullmatch(r"[np]\d|zero|none|nan", key)
        )
        return (
            f"text{{fill:{c['ink']}}}.card{{fill:{c['card']};stroke:{c['line']}}}.head{{fill:{c['head']}}}"
            f".leaf .head{{fill:{c['leaf']}}}.wire{{stroke:{c['edge']}}}.tip{{fill:{c['edge']}}}"
            f".local{{fill:{c['quiet']};stroke:{c['paper']}}}{tones}{factors(dark=c is DARK)}"
            f".now .card,.now .wire,.asked .card,.asked .wire{{stroke:{c['saved']}}}"
            f".now .tip{{fill:{c['saved']}}}"
        )

    fixed = (
        "text{font:13px ui-sans-serif,system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
        "font-variant-numeric:tabular-nums}.title{font-weight:600;font-size:14px}.card{stroke-width:1.2}"
        ".wire{fill:none;stroke-width:1.6}.local{font-size:12px;paint-order:stroke;stroke-width:4px}"
        ".local.dense{display:none}.now>.local.dense,.edge:hover>.local.dense{display:inline}"
        ".tip.back,.edge.back .tip{display:none}.edge.back .tip.back{display:inline}"
        ".later .card,.later .wire{stroke-dasharray:4 4}"
        ".later .tip,.later .wire,.cut .wire,.cut .tip{opacity:.4}"
        ".cut .wire{stroke-dasharray:2 5}.now .card,.now .wire,.asked .card,.asked .wire{stroke-width:3}"
    )
    rules = f"{fixed}{colors(LIGHT)}@media(prefers-color-scheme:dark){{{colors(DARK)}}}"
    # Of this picture alone, and of no other in the page that it is pasted into.
    return re.sub(
        r"(^|[}{])([^{}@]+)(?=\{)",
        lambda m: m[1] + ",".join(f".live {part}" for part in m[2].split(",")),
        rules,
    )


def _fallback(listed: Steps) -> str:
    """Return what a reader without JavaScript sees: values and gradients."""
    return "\n".join(
        gettext(
            "{name} = {value}, gradient {gradient}",
            name=listed.names[v],
            value=number(v.data),
            gradient=number(listed.gradients[v]),
        )
        for v in listed.nodes
    )


# Rows.


def is_typed(op: Op) -> bool:
    """Tell whether a row is for users, and not for rules only."""
    return not (op.auxiliary or op.guard or isinstance(op.form, Auxiliary))


@lru_cache(maxsize=1)
def short_rows() -> tuple[Op, ...]:
    """Return the rows for users that are short in JavaScript."""
    found = []
    for op in TABLE.values():
        if is_typed(op):
            script = Script()
            script.value(op)
            script.partials(op)
            if len(script.text()) < LENGTH:
                found.append(op)
    return tuple(found)


def allowed(used: Iterable[Op]) -> list[Op]:
    """Return the rows of a page: the short ones, and those of its graph."""
    return sorted({*short_rows(), *used}, key=lambda op: op.name)


@lru_cache(maxsize=8)
def _rules(ops: tuple[Op, ...]) -> str:
    script, entries = Script(), []
    for op in ops:
        functions = [script.value(op), script.partials(op)]
        if op.textbook is not None:
            try:
                functions.append(script.function(op.textbook, f"t_{op.name}"))
            except UntranslatableError:
                functions.append("null")
        entries.append(f"{op.name}:[{','.join(functions)}]")
    text = re.sub(r"\s*([,;:?{}()=<>*/|&])\s*", r"\1", script.text())
    return f"{text}\nconst ROWS={{__proto__:null,{','.join(entries)}}};\n"


def rules_for(used: Iterable[Op]) -> str:
    """Return the JavaScript of a page's rows: of each its value, its partials, and a textbook's partials."""
    return _rules(tuple(allowed(used)))


def rows_for(used: Iterable[Op]) -> dict[str, Any]:
    """Return what a page knows of its rows."""
    extra = frozenset(used)
    return {op.name: {**_described(op), "u": int(is_typed(op) or op in extra)} for op in allowed(extra)}


@lru_cache(maxsize=512)
def _described(op: Op) -> dict[str, Any]:
    found: dict[str, Any] = {
        "n": op.arity, "p": dict(op.params), "w": {k: list(bounds) for k, bounds in op.whole.items()},
        "s": op.symbol, "t": _templates(op),
    }  # fmt: skip
    flags = {"o": op.params_first, "v": op.vectors, "g": op.gated}
    return found | {key: 1 for key, flag in flags.items() if flag}


def _templates(op: Op) -> dict[str, Any]:
    """Return formulas with letters in the operands' places, by the constants or the number of operands."""
    if op.arity == ANY:
        # Of vectors, as many pairs as of others operands; of those with an index, each.
        counts = [2 * n for n in COUNTS] if op.vectors else COUNTS
        defaults = tuple(op.params.values())
        indexed = tuple(op.params) == ("index",)
        chosen = [
            (n, given)
            for n in counts
            for given in ([(float(i),) for i in range(n)] if indexed else [defaults])
        ]
        made = {",".join(map(_key, (n, *given))): _template(op, n, given) for n, given in chosen}
    elif not op.params:
        made = {"": _template(op, op.arity, ())}
    else:
        constants = [tuple(op.params.values())]
        if isinstance(op.form, Power):
            constants += [(x,) for x in EXPONENTS]
        made = {",".join(map(_key, given)): _template(op, op.arity, given) for given in constants}
        made[""] = _template(op, op.arity, None)
    return {key: template for key, template in made.items() if template is not None}


def _key(x: float) -> str:
    """Return a number as JavaScript turns it into a text."""
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return str(int(x)) if x == int(x) else repr(x)


RESULT: Final = 31
"""Which letter stands for the result."""
_STAND_IN = re.compile(r"\\mathrm\{zzq\}_\{(\d+)\}")


def _letter(k: int) -> str:
    """Return the letter of the private use area that stands for an operand."""
    return chr(0xE000 + k)


def _template(op: Op, count: int, constants: Sequence[float] | None) -> list[Any] | None:
    """Return a row's formula, as text and in LaTeX, and those of its partials; None where there are none.

    Without constants these are letters, too.
    """
    found: list[Any] = []
    for shown, letter in ((plain, _letter), (_tex, "zzq{}".format)):
        operands: list[Any] = [name(letter(k)) for k in range(count)]
        if constants is None:
            operands += [name(letter(count + i)) for i in range(len(op.params))]
        else:
            operands += constants
        try:
            slopes = candidates(op, name(letter(RESULT)), operands)
            found.append(
                (shown(apply_raw(op, operands)), [shown(x) for x in slopes[0][:count]] if slopes else [])
            )
        except (TypeError, ValueError, ArithmeticError, IndexError):  # a letter in a constant's place
            return None
    (text, slopes_text), (tex, slopes_tex) = found
    return [text, tex, slopes_text, slopes_tex]


def _tex(x: Any) -> str:
    return _STAND_IN.sub(lambda found: _letter(int(found[1])), latex(x))


@lru_cache(maxsize=1)
def signs() -> dict[str, str]:
    """Return the rows of operators, by what is typed."""
    found = {
        SIGNS[op.symbol]: op.name
        for op in TABLE.values()
        if is_typed(op) and op.arity == 2 and not op.params and op.symbol in SIGNS
    }
    for op in TABLE.values():
        if isinstance(op.form, Prefix):
            found["-x"] = op.name
        if isinstance(op.form, Power) and op.params and is_typed(op):
            found["x**c"] = op.name
    return found


# From a graph to what is typed.

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def typed_names(listed: Steps) -> dict[Value, str]:
    """Return a name for each node that the page's parser reads: its own, or one as like as can be."""
    names: dict[Value, str] = {}
    taken = {*CONSTANTS}
    for node in listed.nodes:
        wish = re.sub(r"\W+", "_", listed.names[node].replace(".", "\0")).replace("\0", ".").strip("._")
        wish = listed.names[node] if _NAME.fullmatch(listed.names[node]) else wish
        if not _NAME.fullmatch(wish):
            wish = f"v_{re.sub(r'[^A-Za-z0-9]+', '_', wish)}".rstrip("_")
        found, k = wish, 2
        while found in taken:
            found, k = f"{wish}_{k}", k + 1
        taken.add(found)
        names[node] = found
    return names


def written(listed: Steps, names: dict[Value, str]) -> str:
    """Return a graph as lines: an assignment for each node with a label or several consumers."""
    uses = dict.fromkeys(listed.nodes, 0)
    for node in listed.nodes:
        for x in node.operands:
            if isinstance(x, Value):
                uses[x] += 1
    texts: dict[Value, tuple[str, int]] = {}
    lines = []
    for node in listed.nodes:
        if node.op is None:
            texts[node] = names[node], ATOM
            continue
        text, binds = _written(node.op, [_operand(x, texts) for x in node.operands], node.operands)
        alone = node is listed.root and not node.label
        if not alone and (node.label or uses[node] > 1 or len(text) > 60):
            lines.append(f"{names[node]} = {text}")
            text, binds = names[node], ATOM
        elif alone:
            lines.append(text)
        texts[node] = text, binds
    return "\n".join(lines or [names[listed.root]])


def _operand(x: Any, texts: dict[Value, tuple[str, int]]) -> tuple[str, int]:
    if isinstance(x, Value):
        return texts[x]
    if not math.isfinite(x):
        raise GraphError(gettext(
            "the graph has the constant {x}, which cannot be typed; make a Value of it",
            x=repr(x),
        ))  # fmt: skip
    return _key(x), ATOM if x >= 0 else NEGATIVE


def _written(op: Op, operands: list[tuple[str, int]], given: Sequence[Any]) -> tuple[str, int]:
    """Return an operation as it is typed, and how tightly it binds."""

    def bracketed(k: int, least: int) -> str:
        text, binds = operands[k]
        return f"({text})" if binds < least else text

    sign = next((sign for sign, row in signs().items() if row == op.name), "")
    if sign == "-x":
        return f"-{bracketed(0, NEGATIVE + 1)}", NEGATIVE
    if sign in ("**", "x**c"):
        if op.params or isinstance(given[1], Value):
            return f"{bracketed(0, ATOM)}**{bracketed(1, ATOM)}", BINDS["**"]
        return f"{op.name}({operands[0][0]}, {operands[1][0]})", ATOM
    if sign:
        binds = BINDS[sign]
        tight = sign in ("*", "/", "//", "%")
        joint = sign if tight else f" {sign} "
        return f"{bracketed(0, binds + (binds == 1))}{joint}{bracketed(1, binds + 1)}", binds
    count = len(operands) - len(op.params)
    texts = [text for text, _ in operands]
    if op.arity == ANY:
        texts[count:] = [f"{key}={text}" for key, text in zip(op.params, texts[count:], strict=True)]
    elif op.params_first:
        texts = [*texts[count:], *texts[:count]]
    elif tuple(given[count:]) == tuple(op.params.values()):
        texts = texts[:count]
    return f"{op.name}({', '.join(texts)})", ATOM
