"""Writes the JavaScript of the table: value and partials of each row, from the Python that defines them.

As `generate` does for C, it translates the functions of floats and the rules of the rows from their syntax
trees. JavaScript has arrays, exceptions and names without types, and its arithmetic is that of IEEE, so an
expression stays nearly what it is; a function of `math` that JavaScript's ``Math`` has not is here, in
JavaScript (`HELPERS`) or in Python that is translated too (`INSTEAD`).

Where Python would raise, and nothing there catches it, JavaScript goes on by IEEE's rules, as the value of a
row does in Python. A statement that is not understood (decimal numbers) throws; `Script.gaps` tells which.

For instance ``relu`` becomes::

    function $relu(x) {
    return x <= 0 ? 0 : x;
    }
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import itertools
import json
import math
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from autograd.floats import elementary, gaussian, lengths
from autograd.native.generate import LIBM, Outside, UntranslatableError, definition
from autograd.op import Op

__all__ = ["RESERVED", "Script", "literal"]

RESERVED: Final = frozenset([
    "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default",
    "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally", "for", "function",
    "if", "implements", "import", "in", "instanceof", "interface", "let", "new", "null", "package",
    "private", "protected", "public", "return", "static", "super", "switch", "this", "throw", "true",
    "try", "typeof", "undefined", "var", "void", "while", "with", "yield", "Math", "NaN", "Infinity",
    "isFinite", "isNaN", "Error", "Number", "Array",
])  # fmt: skip
"""What no variable can be called."""

BY_IEEE: Final = {elementary.exp.__code__, elementary.sqrt.__code__}
"""The code of functions that answer by IEEE's rules where those of `math` raise; so do those of ``Math``."""

MATH: Final = {*LIBM, "floor", "ceil", "trunc", "atan2", "hypot", "fabs"} - {"erf", "erfc", "exp2"}
"""Functions of `math` that ``Math`` has."""

HELPERS: Final = {
    "decimals": "(x, n) => n > 100 ? x : n > 0 ? Number(x.toFixed(n)) : 0 * x",
    "pow": "(x, y) => y === 0 || x === 1 || x === -1 && Math.abs(y) === Infinity ? 1 : Math.pow(x, y)",
    "copysign": "(x, y) => { x = Math.abs(x); return y < 0 || Object.is(y, -0) ? -x : x; }",
    "round": "x => { const y = Math.floor(x), d = x - y; const z = d < 0.5 || d === 0.5 && y % 2 === 0 ? y "
    ": y + 1; return $copysign(z, x); }",
    "frexp": "x => { if (!x || !isFinite(x)) return [x, 0]; let e = Math.max(-1022, Math.floor(Math.log2("
    "Math.abs(x))) + 1), m = x * 2 ** -e; while (Math.abs(m) < 0.5) { m *= 2; e--; } "
    "while (Math.abs(m) >= 1) { m /= 2; e++; } return [m, e]; }",
    "ldexp": "(m, e) => e > 1023 ? m * 2 ** 1023 * 2 ** (e - 1023) : e < -1022 ? m * 2 ** -969 * 2 ** (e + "
    "969) : m * 2 ** e",
    # Shewchuk's partial sums, whose last one is rounded once, halves to even.
    "fsum": "xs => { const p = []; let special = 0; for (let x of xs) { if (!isFinite(x)) { special += x; "
    "continue; } let i = 0; for (let y of p.slice()) { if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x]; "
    "const hi = x + y, lo = y - (hi - x); if (lo) p[i++] = lo; x = hi; } p.length = i; p.push(x); } "
    "if (special || special !== special) { if (special !== special && !xs.some(x => x !== x)) throw 'v'; "
    "return special; } let n = p.length, hi = 0, lo = 0; if (n) { hi = p[--n]; while (n > 0) { const x = "
    "hi, y = p[--n]; hi = x + y; lo = y - (hi - x); if (lo) break; } if (n > 0 && (lo < 0 && p[n - 1] < 0 "
    "|| lo > 0 && p[n - 1] > 0)) { const y = lo * 2, x = hi + y; if (y === x - hi) hi = x; } } "
    "if (!isFinite(hi)) throw 'o'; return hi; }",
    # Whole numbers of any length with the exponents of two that they are to be multiplied by.
    "running_products": "xs => { let m = 1n, e = 0; const all = [[m, e]]; for (const x of xs) { if "
    "(!isFinite(x)) throw 'v'; const [f, j] = $frexp(x); m *= BigInt(f * 2 ** 53); const more = "
    "m.toString(2).replace('-', '').length - 128; if (more > 0) { m >>= BigInt(more); e += more; } "
    "e += j - 53; all.push([m, e]); } return all; }",
    "rounded": "(m, e) => $ldexp(Number(m), e)",
    "range": "(a, b, c = 1) => { const r = []; for (let i = a; c > 0 ? i < b : i > b; i += c) r.push(i); "
    "return r; }",
    "zip": "(...ls) => Array.from({ length: Math.min(...ls.map(l => l.length)) }, (_, i) => "
    "ls.map(l => l[i]))",
    "running": "(xs, f, r) => [r, ...xs.map(x => r = f(r, x))]",
    "is": "x => x instanceof Array ? x.length > 0 : x !== 0 && x !== false",
    # What Python raises, where something catches it.
    "divided": "(x, y) => { if (y === 0) throw 'z'; return x / y; }",
    "raising": "(f, ...xs) => { const y = f(...xs); if (xs.every(isFinite)) { if (y !== y) throw 'v'; "
    "if (!isFinite(y)) throw 'o'; } return y; }",
}
"""Functions in JavaScript; each is written where something needs it."""

HELPED: Final[dict[Any, str]] = {
    elementary.running_products: "running_products", elementary.rounded: "rounded",
    elementary.pow: "pow",
}  # fmt: skip
"""Functions in Python that are written by those."""

RAISED: Final = {OverflowError: "o", ValueError: "v", ZeroDivisionError: "z"}


def _exp2(x: float) -> float:
    """Power of two."""
    return elementary.pow(2.0, x)


def _erf(x: float) -> float:
    """Error function: an odd polynomial in the middle, and what the tail leaves of 1."""
    a = abs(x)
    if a <= 0.35355339059327373:
        return 2.0 * gaussian._central(1.4142135623730951 * x)
    return math.copysign(1.0 - gaussian._tail(a, 1.0, 1.0) if a < 6.0 else 1.0, x) if x == x else x


def _erfc(x: float) -> float:
    """Complementary error function up to 2; beyond there are the tails."""
    return 1.0 - _erf(x) if x < 0.5 else gaussian._tail(x, 1.0, 1.0) if x < 30.0 else 0.0 * x


def _remainder(x: float, y: float) -> float:
    """Difference of x and the nearest multiple of y, of two the even one, as IEEE 754 says."""
    a, b = abs(x), abs(y)
    if b == math.inf:
        return x if a < b else math.nan
    r = math.fmod(a, b)
    c = b - r
    m = r if r < c else -c if r > c else r - 2.0 * math.fmod(0.5 * (a - r), b)
    return -m if math.copysign(1.0, x) < 0.0 else m


def _modulo(a: float, b: float) -> float:
    """Python's ``a % b``, with the sign of b."""
    r = math.fmod(a, b)
    if r == 0.0:
        return math.copysign(r, b)
    return r + b if (r < 0.0) != (b < 0.0) else r


def _floor_divided(a: float, b: float) -> float:
    """Python's ``a // b``."""
    r = math.fmod(a, b)
    q = (a - r) / b
    if r != 0.0 and (r < 0.0) != (b < 0.0):
        q -= 1.0
    if q == 0.0:
        return math.copysign(0.0, a / b)
    whole = math.floor(q)
    return whole + 1.0 if q - whole > 0.5 else whole


def _quotient_and_rest(a: int, b: int) -> tuple[int, int]:
    """Python's ``divmod`` of whole numbers."""
    q = math.floor(a / b)
    return q, a - q * b


def _cosines(xs: tuple[float, ...]) -> tuple[float, ...]:
    """Cosines of the angles to the axes where squares leave the range of doubles, by a power of two."""
    infinite = len([x for x in xs if math.isinf(x)])
    if any(x != x for x in xs) or infinite > 1:
        return (math.nan,) * len(xs)
    if infinite:
        return tuple(math.copysign(1.0, x) if math.isinf(x) else 0.0 for x in xs)
    if not any(xs):
        return (0.0,) * len(xs)
    e = math.frexp(lengths.norm(*xs) if lengths.norm(*xs) < math.inf else 1e308)[1]
    near = [math.ldexp(x, -e) for x in xs]
    r = lengths.norm(*near)
    rest = lengths._rest(r, near)
    return tuple([lengths._cosine(x, r, rest) for x in near])


def _factorial(n: int) -> float:
    """Product of the whole numbers up to n."""
    y = 1.0
    for k in range(2, n + 1):
        y *= k
    return y


INSTEAD: Final[dict[Any, Callable[..., Any]]] = {
    math.exp2: _exp2, math.erf: _erf, math.erfc: _erfc, math.remainder: _remainder,
    divmod: _quotient_and_rest, math.factorial: _factorial, lengths._cosines: _cosines,
}  # fmt: skip
"""Functions in Python that are translated in place of others, which JavaScript lacks."""


def literal(x: float) -> str:
    """Return a number in JavaScript, exactly.

    Examples
    --------
    >>> literal(2.0), literal(0.1), literal(-math.inf)
    ('2', '.1', '-Infinity')
    """
    if x != x:
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    text = repr(float(x)).replace("e-0", "e-").replace("e+", "e")
    return text.removesuffix(".0") if abs(x) >= 1.0 or x == 0.0 or x < 0.0 else text.removeprefix("0")


class Script:
    """The functions that were written so far.

    Examples
    --------
    >>> from autograd.ops import TABLE
    >>> script = Script()
    >>> script.value(TABLE["softplus"])
    '$softplus'
    >>> print(script.text().strip())
    function $softplus(x) {
    let y;
    y = Math.log1p(Math.exp(-Math.abs(x)));
    return x > 0 ? x + y : y;
    }
    """

    def __init__(self) -> None:
        self.functions: dict[Any, str] = {}
        self.texts: dict[str, str] = {}
        self.tables: dict[Any, str] = {}
        self.gaps: dict[str, list[str]] = {}
        """Of each function that has some, the statements that were not understood."""

    def value(self, op: Op) -> str:
        """Return what computes a row: the name of a function, or one of ``Math``."""
        value = _plain(op.value)
        return self.function(value, op.name) if inspect.isfunction(value) else self.of_python(value)

    def partials(self, op: Op) -> str:
        """Return the name of the function ``(y, *operands)`` that gives a row's partials."""
        return self.function(op.float_partials or op.partials, f"d_{op.name}")

    def function(self, function: Any, name: str = "") -> str:
        """Return the name of a function, which is written if it was not."""
        function = INSTEAD.get(_plain(function), _plain(function))
        if function in HELPED:
            return self.helper(HELPED[function])
        if function not in self.functions:
            wanted = f"${(name or function.__name__).strip('_<>')}"
            free = (f"{wanted}{n or ''}" for n in itertools.count())
            taken = {*self.texts, *self.tables.values()}
            made = self.functions[function] = next(n for n in free if n not in taken)
            self.texts[made] = ""
            self.texts[made] = Writer(self, made, definition(function), Outside(function)).text
        return self.functions[function]

    def of_python(self, function: Any) -> str:
        """Return what a function is called that is none of this package's."""
        function = _plain(function)
        if function in INSTEAD:
            return self.function(INSTEAD[function])
        name = getattr(function, "__name__", "")
        if function is abs or name == "fabs":
            return "Math.abs"
        if function is float:
            return "Number"
        if getattr(function, "__module__", "") == "math":
            if name in MATH:
                return f"Math.{name}"
            if name in HELPERS:
                return self.helper(name)
        raise UntranslatableError(f"{function}")

    def helper(self, name: str) -> str:
        """Return the name of a function in JavaScript, which is then part of the text."""
        made = f"${name}"
        if self.functions.setdefault(name, f"{made}_") and f"{made}_" not in self.texts:
            text = HELPERS[name]
            for other in set(re.findall(r"\$(\w+)", text)):
                text = text.replace(f"${other}(", f"{self.helper(other)}(")
            self.texts[f"{made}_"] = f"const {made}_ = {text};"
        return self.functions[name]

    def table(self, numbers: Any) -> str:
        """Return the name of an array of constants."""
        return self.tables.setdefault(numbers, f"$t{len(self.tables)}")

    def text(self) -> str:
        """Return all that was written."""
        tables = [f"const {name} = {_array(numbers)};" for numbers, name in self.tables.items()]
        return "\n".join([*tables, *self.texts.values()]) + "\n"


def _array(numbers: Any) -> str:
    if isinstance(numbers, tuple):
        return f"[{', '.join(map(_array, numbers))}]"
    return literal(numbers)


def _plain(function: Any) -> Any:
    """Return what a function is in JavaScript: without a cache, and without what catches exceptions."""
    function = getattr(function, "__wrapped__", function)
    if getattr(function, "__code__", None) in BY_IEEE:
        return inspect.getclosurevars(function).nonlocals["f"]
    return elementary.pow if function is math.pow else function


# How tightly JavaScript's operators bind.
TERNARY, OR, AND, COMPARED, SUM, PRODUCT, UNARY, ATOM = 2, 3, 4, 9, 12, 13, 15, 18
OPERATORS: Final = {
    ast.Add: ("+", SUM), ast.Sub: ("-", SUM), ast.Mult: ("*", PRODUCT), ast.Div: ("/", PRODUCT),
}  # fmt: skip
COMPARISONS: Final = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!==", ast.Is: "===",
    ast.IsNot: "!==",
}  # fmt: skip


class Writer:
    """Translates one function."""

    def __init__(
        self, script: Script, name: str, node: ast.FunctionDef | ast.Lambda, outside: Outside
    ) -> None:
        self.script, self.name, self.outside = script, name, outside
        body: list[ast.stmt] = node.body if isinstance(node, ast.FunctionDef) else [ast.Return(node.body)]
        named = [*node.args.posonlyargs, *node.args.args]
        self.own = {a.arg for a in named}
        if node.args.vararg:
            self.own.add(node.args.vararg.arg)
        self.caught = 0
        given = [local(a.arg) for a in named]
        for k, default in enumerate(reversed(node.args.defaults), 1):
            given[-k] += f" = {self.expression(default)}"
        if node.args.vararg:
            given.append(f"...{local(node.args.vararg.arg)}")
        assigned = {
            n.id: None
            for n in itertools.chain.from_iterable(map(_assigned, body))
            if n.id not in self.own
        }
        self.own |= assigned.keys()
        lines = self.block(body)
        declared = f"let {', '.join(map(local, assigned))};\n" if assigned else ""
        self.text = f"function {name}({', '.join(given)}) {{\n{declared}" + "\n".join(lines) + "\n}"

    # Statements.

    def block(self, statements: Iterable[ast.stmt]) -> list[str]:
        """Translate statements; the first that is not understood throws."""
        lines: list[str] = []
        for s in statements:
            try:
                lines += getattr(self, f"_{type(s).__name__.lower()}", self._unknown)(s)
            except UntranslatableError as reason:
                self.script.gaps.setdefault(self.name, []).append(str(reason))
                lines.append(f'throw Error("{self.name[1:]}: beyond doubles");')
                break
        return lines

    def _unknown(self, s: ast.stmt) -> list[str]:
        raise UntranslatableError(f"{type(s).__name__}")

    def _return(self, s: ast.Return) -> list[str]:
        return ["return;" if s.value is None else f"return {self.expression(s.value)};"]

    def _pass(self, _: ast.Pass) -> list[str]:
        return []

    def _break(self, _: ast.Break) -> list[str]:
        return ["break;"]

    def _continue(self, _: ast.Continue) -> list[str]:
        return ["continue;"]

    def _raise(self, _: ast.Raise) -> list[str]:
        return [f'throw Error("{self.name[1:]}");']

    def _expr(self, s: ast.Expr) -> list[str]:
        return [] if isinstance(s.value, ast.Constant) else [f"{self.expression(s.value)};"]

    def _assign(self, s: ast.Assign) -> list[str]:
        lines = [self.assigned(s.targets[-1], self.expression(s.value))]
        for target, from_ in zip(reversed(s.targets[:-1]), reversed(s.targets[1:]), strict=True):
            lines.append(self.assigned(target, self.expression(from_)))
        return lines

    def assigned(self, target: ast.expr, text: str) -> str:
        """Return the assignment of a text to a variable, to several or to a place in an array."""
        if isinstance(target, (ast.Tuple, ast.List)):
            stars = [i for i, t in enumerate(target.elts) if isinstance(t, ast.Starred)]
            if stars and stars[0] < len(target.elts) - 1:
                behind = len(target.elts) - 1 - stars[0]
                ends = enumerate(target.elts[-behind:])
                last = [self.assigned(t, f"{text}.at({k - behind})") for k, t in ends]
                first = [self.assigned(t, f"{text}[{k}]") for k, t in enumerate(target.elts[: stars[0]])]
                rest = f"{self.target(target.elts[stars[0]])[3:]} = {text}.slice({stars[0]}, -{behind});"
                return " ".join([*last, *first, rest])
            return f"{self.target(target)} = {text};"
        return f"{self.target(target)} = {text};"

    def target(self, target: ast.expr) -> str:
        """Return what is assigned to."""
        if isinstance(target, ast.Name):
            return local(target.id)
        if isinstance(target, ast.Starred):
            return f"...{self.target(target.value)}"
        if isinstance(target, (ast.Tuple, ast.List)):
            return f"[{', '.join(map(self.target, target.elts))}]"
        if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
            return f"{self.expression(target.value)}[{self.expression(target.slice)}]"
        raise UntranslatableError(ast.unparse(target))

    def _annassign(self, s: ast.AnnAssign) -> list[str]:
        return [] if s.value is None else [self.assigned(s.target, self.expression(s.value))]

    def _augassign(self, s: ast.AugAssign) -> list[str]:
        if isinstance(s.value, ast.Tuple | ast.List) or self.returns_pair(s.value):
            return [f"{self.target(s.target)}.push(...{self.expression(s.value)});"]
        value = ast.BinOp(ast.parse(ast.unparse(s.target), mode="eval").body, s.op, s.value)
        return [f"{self.target(s.target)} = {self.expression(value)};"]

    def returns_pair(self, e: ast.expr) -> bool:
        """Tell whether a call gives a tuple, by the annotation of the function."""
        try:
            found = self.resolve(e.func) if isinstance(e, ast.Call) else None
        except UntranslatableError:
            return False
        return str(getattr(found, "__annotations__", {}).get("return", "")).startswith("tuple")

    def _if(self, s: ast.If) -> list[str]:
        lines = [f"if ({self.condition(s.test)}) {{", *self.block(s.body)]
        if s.orelse:
            lines += ["} else {", *self.block(s.orelse)]
        return [*lines, "}"]

    def _while(self, s: ast.While) -> list[str]:
        return [f"while ({self.condition(s.test)}) {{", *self.block(s.body), "}"]

    def _for(self, s: ast.For) -> list[str]:
        if s.orelse:
            raise UntranslatableError("for with else")
        head = f"for ({self.target(s.target)} of {self.expression(s.iter)}) {{"
        return [head, *self.block(s.body), "}"]

    def _try(self, s: ast.Try) -> list[str]:
        if s.orelse or s.finalbody:
            raise UntranslatableError("try with else or finally")
        self.caught += 1
        lines = ["try {", *self.block(s.body)]
        self.caught -= 1
        lines.append("} catch (e) {")
        for handler in s.handlers:
            types: Any = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            kinds = [RAISED.get(self.resolve(t)) for t in types]
            if None in kinds:
                raise UntranslatableError(ast.unparse(handler))
            test = f'"{"".join(map(str, kinds))}".includes(e)'
            lines += [f"if ({test}) {{", *self.block(handler.body), "} else"]
        return [*lines, "throw e;", "}"]

    # Expressions.

    def resolve(self, e: ast.expr) -> Any:
        """Return the object of Python that a name outside of the function means."""
        return self.outside.meant(e, self.own)

    def constant(self, x: Any) -> tuple[str, int]:
        """Translate what a module defines: a number, numbers, or a function."""
        if isinstance(x, bool):
            return str(x).lower(), ATOM
        if isinstance(x, (int, float)):
            return literal(x), ATOM if x >= 0 else UNARY
        if isinstance(x, str):
            return json.dumps(x), ATOM
        if isinstance(x, (tuple, list)) and x:
            return self.script.table(_frozen(x)), ATOM
        return self.called(x), ATOM

    def called(self, f: Any) -> str:
        """Return the name of a function of Python's, of this package or a row."""
        if hasattr(f, "partials"):
            return self.script.value(f)
        if hasattr(f, "float_pull"):
            return self.script.function(f.values)
        f = _plain(f)
        if inspect.isfunction(f) and f.__module__.startswith("autograd"):
            return self.script.function(f)
        if f is operator.mul:
            return "((a, b) => a * b)"
        if f is math.isfinite:
            return "isFinite"
        return self.script.of_python(f)

    def expression(self, e: ast.expr, at: int = 0) -> str:
        """Translate an expression, in brackets where it binds less tightly than that."""
        text, binds = self.translated(e)
        return f"({text})" if binds < at else text

    def translated(self, e: ast.expr) -> tuple[str, int]:
        """Translate an expression, and tell how tightly it binds."""
        visit = getattr(self, f"_{type(e).__name__.lower()}_value", None)
        if visit is None:
            raise UntranslatableError(ast.unparse(e))
        found: tuple[str, int] = visit(e)
        return found

    def _constant_value(self, e: ast.Constant) -> tuple[str, int]:
        return self.constant(e.value)

    def _name_value(self, e: ast.Name) -> tuple[str, int]:
        return (local(e.id), ATOM) if e.id in self.own else self.constant(self.resolve(e))

    def _attribute_value(self, e: ast.Attribute) -> tuple[str, int]:
        return self.constant(self.resolve(e))

    def _tuple_value(self, e: ast.Tuple | ast.List) -> tuple[str, int]:
        return f"[{', '.join(map(self.expression, e.elts))}]", ATOM

    _list_value = _tuple_value

    def _starred_value(self, e: ast.Starred) -> tuple[str, int]:
        return f"...{self.expression(e.value)}", ATOM

    def _namedexpr_value(self, e: ast.NamedExpr) -> tuple[str, int]:
        return f"({local(e.target.id)} = {self.expression(e.value)})", ATOM

    def _lambda_value(self, e: ast.Lambda) -> tuple[str, int]:
        names = [a.arg for a in e.args.args]
        return self.arrow(names, lambda: self.expression(e.body, TERNARY)), ATOM

    def arrow(self, names: list[str], body: Callable[[], str]) -> str:
        """Return a function of some variables of its own."""
        before, self.own = self.own, self.own | set(names)
        text = f"(({', '.join(map(local, names))}) => {body()})"
        self.own = before
        return text

    def _unaryop_value(self, e: ast.UnaryOp) -> tuple[str, int]:
        if isinstance(e.op, ast.Not):
            return f"!({self.condition(e.operand)})", UNARY
        if not isinstance(e.op, ast.USub):
            raise UntranslatableError(ast.unparse(e))
        return f"-{self.expression(e.operand, ATOM)}", UNARY

    def _binop_value(self, e: ast.BinOp) -> tuple[str, int]:
        if isinstance(e.op, ast.Pow):
            return self.of_two(self.called(elementary.pow), e), ATOM
        if isinstance(e.op, (ast.Mod, ast.FloorDiv)):
            f = self.script.function(_modulo if isinstance(e.op, ast.Mod) else _floor_divided)
            return self.of_two(f, e), ATOM
        if isinstance(e.op, ast.Mult) and isinstance(e.left, (ast.List, ast.Tuple)):
            (each,) = e.left.elts
            return f"Array({self.expression(e.right)}).fill({self.expression(each)})", ATOM
        if isinstance(e.op, ast.Add) and any(isinstance(x, (ast.List, ast.Tuple)) for x in (e.left, e.right)):
            return f"[...{self.expression(e.left)}, ...{self.expression(e.right)}]", ATOM
        if isinstance(e.op, ast.Add) and any(
            isinstance(x, ast.Subscript) and isinstance(x.slice, ast.Slice) for x in (e.left, e.right)
        ):
            return f"[...{self.expression(e.left)}, ...{self.expression(e.right)}]", ATOM
        if type(e.op) not in OPERATORS:
            raise UntranslatableError(ast.unparse(e))
        if isinstance(e.op, ast.Div) and self.caught:
            return self.of_two(self.script.helper("divided"), e), ATOM
        sign, binds = OPERATORS[type(e.op)]
        return f"{self.expression(e.left, binds)} {sign} {self.expression(e.right, binds + 1)}", binds

    def of_two(self, f: str, e: ast.BinOp) -> str:
        """Return the call of a function that stands for an operator."""
        return f"{f}({self.expression(e.left)}, {self.expression(e.right)})"

    def _ifexp_value(self, e: ast.IfExp) -> tuple[str, int]:
        arms = [self.expression(x, TERNARY) for x in (e.body, e.orelse)]
        return f"{self.condition(e.test, OR)} ? {' : '.join(arms)}", TERNARY

    def condition(self, e: ast.expr, at: int = 0) -> str:
        """Translate what is asked by if, while, and, or, not."""
        if isinstance(e, (ast.BoolOp, ast.Compare)):
            return self.expression(e, at)
        if isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.Not):
            return self.expression(e, at)
        if isinstance(e, ast.Call):
            try:
                f = self.resolve(e.func)
            except UntranslatableError:
                f = None
            if f in (any, all, math.isfinite, math.isnan, math.isinf, bool) or str(
                getattr(f, "__annotations__", {}).get("return", "")
            ) == "bool":
                return self.expression(e, at)
        return f"{self.script.helper('is')}({self.expression(e)})"

    def _boolop_value(self, e: ast.BoolOp) -> tuple[str, int]:
        if isinstance(e.op, ast.Or) and isinstance(e.values[-1], ast.Constant):  # one of two numbers
            first, second = map(self.expression, e.values)
            return f"(x => {self.script.helper('is')}(x) ? x : {second})({first})", ATOM
        sign, binds = ("&&", AND) if isinstance(e.op, ast.And) else ("||", OR)
        return f" {sign} ".join(self.condition(x, binds + 1) for x in e.values), binds

    def _compare_value(self, e: ast.Compare) -> tuple[str, int]:
        texts = []
        for op, a, b in zip(e.ops, (e.left, *e.comparators), e.comparators, strict=False):
            if isinstance(op, (ast.In, ast.NotIn)):
                text = f"{self.expression(b)}.includes({self.expression(a)})"
                texts.append(f"!{text}" if isinstance(op, ast.NotIn) else text)
            elif isinstance(a, ast.Attribute) and a.attr == "__class__":
                kind = "boolean" if self.resolve(b) is bool else "number"
                texts.append(f'typeof {self.expression(a.value)} {COMPARISONS[type(op)]} "{kind}"')
            else:
                sign = COMPARISONS[type(op)]
                texts.append(f"{self.expression(a, COMPARED + 1)} {sign} {self.expression(b, COMPARED + 1)}")
        return " && ".join(texts), COMPARED if len(texts) == 1 else AND

    def _subscript_value(self, e: ast.Subscript) -> tuple[str, int]:
        try:
            table = self.resolve(e.value)
        except UntranslatableError:
            table = None
        if isinstance(table, dict):
            pairs = ", ".join(f"[{literal(k)}]: {_array(_frozen(v))}" for k, v in table.items())
            return f"({{{pairs}}})[{self.expression(e.slice)}]", ATOM
        xs = self.expression(e.value, ATOM)
        if isinstance(e.slice, ast.Slice):
            s = e.slice
            if s.step is not None:
                if s.lower is not None or ast.literal_eval(s.step) != -1:
                    raise UntranslatableError(ast.unparse(e))
                first = "" if s.upper is None else ast.literal_eval(s.upper) + 1
                return f"{xs}.slice({first}).reverse()", ATOM
            ends = ["0" if s.lower is None else self.expression(s.lower)]
            ends += [] if s.upper is None else [self.expression(s.upper)]
            return f"{xs}.slice({', '.join(ends)})", ATOM
        if isinstance(e.slice, ast.UnaryOp):
            return f"{xs}.at({self.expression(e.slice)})", ATOM
        return f"{xs}[{self.expression(e.slice)}]", ATOM

    def comprehension(self, e: ast.ListComp | ast.GeneratorExp, method: str = "map") -> str:
        """Translate what lists, or asks, something of each element."""
        if len(e.generators) != 1:
            raise UntranslatableError("a comprehension of several loops")
        over = e.generators[0]
        xs = self.expression(over.iter, ATOM)
        names = [n.id for n in ast.walk(over.target) if isinstance(n, ast.Name)]
        before, self.own = self.own, self.own | set(names)
        head = local(names[0]) if isinstance(over.target, ast.Name) else f"({self.target(over.target)})"
        for test in over.ifs:
            xs += f".filter({head} => {self.condition(test)})"
        asked = method in ("some", "every")
        body = self.condition(e.elt) if asked else self.expression(e.elt, TERNARY)
        plain = method == "map" and isinstance(e.elt, ast.Name) and isinstance(over.target, ast.Name)
        text = xs if plain and e.elt.id == over.target.id and over.ifs else f"{xs}.{method}({head} => {body})"  # type: ignore[attr-defined]
        self.own = before
        return text

    def _listcomp_value(self, e: ast.ListComp | ast.GeneratorExp) -> tuple[str, int]:
        return self.comprehension(e), ATOM

    _generatorexp_value = _listcomp_value

    # Calls.

    def _call_value(self, e: ast.Call) -> tuple[str, int]:
        if isinstance(e.func, ast.Attribute) and not self.is_outside(e.func.value):
            return self.method(e.func.value, e.func.attr, e.args), ATOM
        if isinstance(e.func, ast.Name) and e.func.id in self.own:
            return f"{local(e.func.id)}({', '.join(map(self.expression, e.args))})", ATOM
        f = self.resolve(e.func)
        if hasattr(f, "cache_info") and e.args and all(isinstance(x, ast.Constant) for x in e.args):
            return self.constant(_frozen(f(*map(ast.literal_eval, e.args))))  # computed once and for all
        known = CALLS.get(getattr(f, "__name__", "")) if f in KNOWN else None
        if known is not None:
            return known(self, e), ATOM
        if hasattr(f, "partials"):
            return f"{self.script.value(f)}({', '.join(self.of_row(f, e))})", ATOM
        given = [self.expression(x) for x in e.args]
        if e.keywords:
            names = list(inspect.signature(f).parameters)
            given += [""] * (len(names) - len(given))
            for k in e.keywords:
                given[names.index(str(k.arg))] = self.expression(k.value)
        name = self.called(f)
        if hasattr(f, "float_pull"):  # of all at once: its numbers are those of an array
            given = [f"[{', '.join(given)}]"]
        if self.caught and name.startswith("Math.") and name != "Math.abs":
            return f"{self.script.helper('raising')}({', '.join([name, *given])})", ATOM
        return f"{name}({', '.join(given)})", ATOM

    def is_outside(self, e: ast.expr) -> bool:
        """Tell whether what a method belongs to is a module's, and no number or array."""
        return isinstance(e, ast.Name) and e.id not in self.own

    def of_row(self, op: Op, e: ast.Call) -> list[str]:
        """Return the operands of a row that is called on numbers, with the constants that follow them."""
        given = list(e.args)
        if op.params_first and len(given) == op.arity + len(op.params):
            given = [*given[len(op.params):], *given[:len(op.params)]]  # fmt: skip
        keywords = {k.arg: k.value for k in e.keywords}
        by_position = max(len(given) - op.arity, 0) if op.arity >= 0 else 0
        for name in list(op.params)[by_position:]:
            given.append(keywords.get(name, ast.Constant(op.params[name])))
        return list(map(self.expression, given))

    def method(self, of: ast.expr, name: str, args: list[ast.expr]) -> str:
        """Translate the call of a method of an array or a number."""
        x, given = self.expression(of, ATOM), list(map(self.expression, args))
        if name == "__round__" and given == ["0"]:
            return f"{self.script.helper('round')}({x})"
        if name == "__round__":
            return f"{self.script.helper('decimals')}({x}, {given[0]})"
        if name == "is_integer":
            return f"Number.isInteger({x})"
        if name == "count":
            return f"{x}.filter(x => x === {given[0]}).length"
        if name in ("append", "pop", "index"):
            return f"{x}.{ {'append': 'push', 'index': 'indexOf'}.get(name, name) }({', '.join(given)})"
        raise UntranslatableError(f"the method {name}")


def _map(w: Writer, e: ast.Call) -> str:
    f, *lists = e.args
    if len(lists) == 1:
        name = w.expression(f, ATOM)
        return f"{w.expression(lists[0], ATOM)}.map(x => {name}(x))"
    zipped = f"{w.script.helper('zip')}({', '.join(map(w.expression, lists))})"
    return f"{zipped}.map(x => {w.expression(f, ATOM)}(...x))"


def _quantified(method: str) -> Callable[[Writer, ast.Call], str]:
    def quantified(w: Writer, e: ast.Call) -> str:
        (of,) = e.args
        if isinstance(of, ast.GeneratorExp | ast.ListComp):
            return w.comprehension(of, method)
        if isinstance(of, ast.Call) and w.resolve(of.func) is map:
            return f"{w.expression(of, ATOM)}.{method}(x => x)"
        return f"{w.expression(of, ATOM)}.{method}({w.script.helper('is')})"

    return quantified


def _extreme(name: str) -> Callable[[Writer, ast.Call], str]:
    def extreme(w: Writer, e: ast.Call) -> str:
        if e.keywords:
            raise UntranslatableError(ast.unparse(e))
        alone = len(e.args) == 1 and not isinstance(e.args[0], ast.Starred)
        given = ", ".join(map(w.expression, e.args))
        return f"Math.{name}({'...' if alone else ''}{given})"

    return extreme


def _spelled(template: str, *, array: bool = True) -> Callable[[Writer, ast.Call], str]:
    return lambda w, e: template.format(*[w.expression(x, ATOM if array else 0) for x in e.args])


def _range(w: Writer, e: ast.Call) -> str:
    given = list(map(w.expression, e.args))
    return f"{w.script.helper('range')}({', '.join(['0', *given] if len(given) == 1 else given)})"


CALLS: Final[dict[str, Callable[[Writer, ast.Call], str]]] = {
    "map": _map, "any": _quantified("some"), "all": _quantified("every"), "max": _extreme("max"),
    "min": _extreme("min"), "len": _spelled("{0}.length"), "int": _spelled("Math.trunc({0})", array=False),
    "float": _spelled("+{0}"), "tuple": _spelled("{0}.slice()"), "list": _spelled("{0}.slice()"),
    "range": _range, "enumerate": _spelled("[...{0}.entries()]"),
    "zip": lambda w, e: f"{w.script.helper('zip')}({', '.join(map(w.expression, e.args))})",
    "reversed": _spelled("{0}.slice().reverse()"),
    "sum": lambda w, e: f"{w.expression(e.args[0], ATOM)}.reduce((a, b) => a + b, 0)",
    "reduce": lambda w, e: (
        f"{w.expression(e.args[1], ATOM)}.reduce((a, b) => {w.expression(e.args[0])}(a, b))"
    ),
    "accumulate": lambda w, e: (
        f"{w.script.helper('running')}({', '.join(map(w.expression, e.args))}, "
        f"{w.expression(e.keywords[0].value)})"
    ),
    "bool": lambda w, e: w.condition(e.args[0]),
    "isfinite": _spelled("isFinite({0})", array=False), "isnan": _spelled("isNaN({0})", array=False),
    "isinf": _spelled("(Math.abs({0}) === Infinity)", array=False),
    "fmod": lambda w, e: f"({w.expression(e.args[0], PRODUCT)} % {w.expression(e.args[1], UNARY)})",
    "exp2": lambda w, e: f"Math.pow(2, {w.expression(e.args[0])})",
}  # fmt: skip
"""Functions of Python that are no functions in JavaScript."""
KNOWN: Final[frozenset[Any]] = frozenset(
    getattr(home, name)
    for name in CALLS
    for home in (builtins, functools, itertools, math)
    if hasattr(home, name)
)


def _frozen(x: Any) -> Any:
    """Return numbers as they are the key of a table."""
    if isinstance(x, (tuple, list)):
        return tuple(map(_frozen, x))
    if not isinstance(x, (int, float)):
        raise UntranslatableError(f"a constant {x!r:.30}")
    return float(x)


def local(name: str) -> str:
    """Return what a variable is called in JavaScript."""
    return f"{name}_" if name in RESERVED else name


def _assigned(s: ast.stmt) -> Iterable[ast.Name]:
    """Yield the names that a statement assigns to, but not those of comprehensions."""
    stack: list[ast.AST] = [s]
    while stack:
        node = stack.pop(0)
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.Lambda):
            stack += [n for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node
        stack += ast.iter_child_nodes(node)
