"""Writes the C of the table: for each row its value and its partials, from the Python that defines them.

The build runs it, ``python generate.py TREE FILE``, with the standard library alone; the compiler asks it
for the values of the rows that a program in C has, in a dialect of its own. It translates the functions of
floats (`autograd.floats`) and the rules of the rows (`autograd.ops`) from their syntax trees: what they
compute with is arithmetic, `math`, conditions, loops, pairs and lists of floats. So that the engine's C
gives the same bits, it is compiled without contraction, and calls the functions of libm that `math` calls.

Where Python would raise, and nothing there catches it, and where a statement is not understood (decimal
numbers, whole numbers of any length), the C says that it does not know; the row in Python then has the word.
What is never understood is listed at the end of the file. At ordinary positive operands that is so of no row
but `dot`, which has a C of its own, and of mixed derivatives of the beta function, which third derivatives of
beta ask for: their terms cancel until only decimal numbers tell what is left. (On the negative axis so do the
gamma function's, next to zeros.)

For instance ``relu`` becomes::

    static double
    relu(double x)
    {
        return x <= 0.0 ? 0.0 : x;
    }
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import os
import sys
from collections.abc import Callable, Container
from functools import cache, reduce
from itertools import groupby
from pathlib import Path
from typing import Any, Final

if __name__ == "__main__":  # the tree that is built, whatever is installed, and without its C
    os.environ["CHAINRULE_PURE_PYTHON"] = "1"
    sys.path.insert(0, sys.argv[1])

from autograd import native
from autograd.floats import elementary, many
from autograd.op import SEVERAL
from autograd.ops import TABLE

__all__ = ["main", "written"]

FLOAT, INT, BOOL, LIST = "double", "long", "int", "List"
LONG: Final = 400
"""Characters of a function above which its machine code is small: 30 kB; digamma and erfinv 12 % slower."""
LISTS: Final = {
    "list[float]",
    "tuple[float, ...]",
    "Sequence[float]",
    "Iterable[float]",
    "list[Any]",
    "tuple[Any, ...]",
}

# Functions of `math`: which exception each may raise, told by its result (`o` OverflowError, `v` ValueError).
LIBM: Final = {
    **dict.fromkeys(["atan", "asinh", "tanh", "erf", "erfc", "cbrt", "fabs"], ""),
    **dict.fromkeys(["exp", "exp2", "expm1", "sinh", "cosh"], "o"),
    **dict.fromkeys(
        ["sqrt", "sin", "cos", "tan", "asin", "acos", "acosh", "atanh", "log", "log2", "log10", "log1p"], "v"
    ),
}
EXACT: Final = {"copysign": 2, "remainder": 2, "fmod": 2, "floor": 1, "ceil": 1, "atan2": 2}
"""Functions of `math` that raise nothing where they are called, and how many operands each takes."""
TESTS: Final = {"isfinite", "isnan", "isinf"}
RAISED: Final = {OverflowError: "o", ValueError: "v", ZeroDivisionError: "z"}
OPERATORS: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
COMPARISONS: Final = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


class Dialect:
    """What the C of one use has of its own: here, that of the engine.

    Attributes
    ----------
    own
        Functions that are not translated, but spelled by what `arithmetic.h` has.
    raises
        Whether the C stops where Python would raise and nothing catches that. Where it is known that the
        function as a whole raises nothing, as the value of a row does not, C goes on by IEEE's rules.
    """

    raises = True
    fuses = False
    """Whether a step of Horner's rule may round its product and its sum once."""
    gives_back = False
    """Whether a function gives back the memory of its lists; else that is done before each kernel."""
    remembers: tuple[str, ...] = (LIST, FLOAT)
    """Of what a function with a cache in Python keeps its latest result: a list, for the kernel; numbers."""

    def __init__(self) -> None:
        self.own: dict[Any, Callable[[Writer, ast.Call], Text]] = {
            many.place: _place, many._require: _require, math.factorial: _factorial,
            elementary.prod: _product, elementary.products_of_others: _products_of_others,
        }  # fmt: skip

    def is_inlined(self, made: Written) -> bool:  # noqa: ARG002
        """Tell whether a function becomes part of those that call it."""
        return False

    def declared(self, made: Written) -> str:
        """Return what stands before the type of a function: of a long one, that it shall be small."""
        return "SMALL" if made.length > LONG else "static"

    def named(self, name: str, made: Written) -> str:  # noqa: ARG002
        """Return the name in C of a function of `math` that another one calls."""
        return "pow_again" if name == "pow" else name

    def plain(self, function: Any) -> Any:
        """Return what a function is in C."""
        return getattr(function, "__wrapped__", function)


class UntranslatableError(Exception):
    """A construct that is left to Python."""


class Text:
    """An expression in C, and its type: one of those above, or a tuple of them."""

    def __init__(self, text: str, kind: Any) -> None:
        self.text, self.type = text, kind


class Tuple(Text):
    """Several expressions that stand together."""

    def __init__(self, values: list[Text]) -> None:
        super().__init__("", tuple(x.type for x in values))
        self.values = values


def literal(x: float) -> str:
    """Return a double in C, exactly."""
    if x != x:
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "-INFINITY"
    return repr(float(x)) if math.copysign(1.0, x) > 0 else f"({float(x)!r})"


def c_type(kind: Any) -> str:
    """Return the name of a type in C."""
    return kind if isinstance(kind, str) else f"Tuple_{''.join(c_type(k)[0] for k in kind)}"


@cache
def tree_of(path: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(Path(path).read_text(encoding="utf-8"))


@cache
def functions_of(path: str) -> dict[int, list[ast.FunctionDef | ast.Lambda]]:
    """Return the functions that a module defines, by the line where the code of each begins."""
    found: dict[int, list[ast.FunctionDef | ast.Lambda]] = {}
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(min([node.lineno, *[x.lineno for x in node.decorator_list]]), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node)
    return found


def definition(function: Any) -> ast.FunctionDef | ast.Lambda:
    """Return the part of its module's syntax tree that defines a function."""
    code = function.__code__
    spans = [p for p in code.co_positions() if None not in p and p[2:] != (0, 0)]
    found: list[ast.Lambda] = []
    for node in functions_of(inspect.getfile(function)).get(code.co_firstlineno, ()):
        if isinstance(node, ast.FunctionDef):
            if node.name == code.co_name:
                return node
        elif code.co_name == "<lambda>":
            first = node.lineno, node.col_offset
            last = node.end_lineno or node.lineno, node.end_col_offset or 0
            within = all(first <= (a, c) and (b, d) <= last for a, b, c, d in spans)
            # Where the code has no positions, as that of a constant has none, its constants tell.
            (alone,) = [
                c for c in compile(ast.Expression(node), "", "eval").co_consts if hasattr(c, "co_code")
            ]
            if within and (alone.co_varnames, alone.co_consts) == (code.co_varnames, code.co_consts):
                found.append(node)
    if found:  # the innermost
        return found[-1]
    raise UntranslatableError(f"where {function} is defined")


def type_of(annotation: Any) -> Any:
    """Return the type that an annotation means; Any is a number."""
    if annotation is None:
        return FLOAT
    text = ast.unparse(annotation)
    if text in ("float", "Any"):
        return FLOAT
    if text == "int":
        return INT
    if text == "bool":
        return BOOL
    if text in LISTS:
        return LIST
    if text.startswith("tuple["):
        inside = annotation.slice
        return tuple(map(type_of, inside.elts if isinstance(inside, ast.Tuple) else [inside]))
    raise UntranslatableError(f"the type {text}")


class Program:
    """The functions, tables and types that were written so far."""

    def __init__(self, dialect: Dialect | None = None) -> None:
        self.dialect = dialect or Dialect()
        self.functions: dict[Any, Written] = {}
        self.texts: list[str] = []
        self.heads: list[str] = []
        self.tables: dict[tuple[float, ...], str] = {}
        self.sizes: dict[str, int] = {}
        """How many numbers each table has."""
        self.tuples: dict[str, tuple[Any, ...]] = {}
        self.names: set[str] = set()

    def table(self, numbers: tuple[float, ...]) -> str:
        """Return the name of a table of constants."""
        name = self.tables.setdefault(numbers, f"table{len(self.tables)}")
        self.sizes[name] = len(numbers)
        return name

    def tuple_type(self, kinds: tuple[Any, ...]) -> str:
        """Return the name of a tuple's type, which is declared in the file."""
        for kind in kinds:
            if isinstance(kind, tuple):
                self.tuple_type(kind)
        self.tuples[c_type(kinds)] = kinds
        return c_type(kinds)

    def name(self, wanted: str) -> str:
        """Return a name that no other function has."""
        start = f"py_{wanted.strip('_<>')}"
        name, n = start, 1
        while name in self.names:
            n += 1
            name = f"{start}_{n}"
        self.names.add(name)
        return name

    def function(self, function: Any, name: str = "") -> Written:
        """Return a function as it was written, and write it if it was not, by the name that is given."""
        remembers = self.dialect.remembers if hasattr(function, "cache_info") else ()
        function = self.dialect.plain(function)
        if function not in self.functions:
            self.functions[function] = made = Written(self.name(name or function.__name__))
            made.remembers = remembers
            made.write(self, definition(function), Outside(function))
        elif not self.functions[function].is_written:
            self.functions[function].calls_itself = True
        return self.functions[function]

    def text(self) -> str:
        """Return all that was written."""
        tuples = [
            f"typedef struct {{ {' '.join(f'{c_type(k)} _{i};' for i, k in enumerate(kinds))} }} {name};"
            for name, kinds in self.tuples.items()
        ]
        tables = [
            f"static const double {name}_at[] = {{{', '.join(map(literal, numbers))}}};\n"
            f"static const List {name} = {{(double *){name}_at, {len(numbers)}, {len(numbers)}}};"
            for numbers, name in self.tables.items()
        ]
        return "\n".join([*tuples, *tables, *self.heads, *self.texts])

    def value(self, op: Any) -> Written:
        """Return the value of a row."""
        value = self.dialect.plain(op.value)
        if inspect.isfunction(value) and value not in self.dialect.own:
            return self.function(value, op.name)
        names = [f"x{i}" for i in range(op.arity)]
        made = Written(self.name(op.name))
        call = ast.Call(ast.Name("value"), [ast.Name(n) for n in names] or [ast.Starred(ast.Name("xs"))], [])
        rest = ast.arg("xs") if op.arity < 0 else None
        made.write(self, _function(names, call, rest), Outside(None, {"value": value}))
        return made

    def partials(self, op: Any) -> Written:
        """Return the partials of a row."""
        function = op.float_partials or op.partials
        if (
            inspect.isfunction(function)
            and definition(function).__class__ is ast.FunctionDef
            and op.float_partials
        ):
            return self.function(function)
        made = Written(self.name(f"{op.name}_partials"))
        made.result = LIST if op.arity < 0 else (FLOAT,) * op.arity
        made.write(self, definition(function), Outside(function))
        return made


def _function(names: list[str], body: ast.expr, rest: ast.arg | None = None) -> ast.Lambda:
    """Return the syntax tree of a function of numbers."""
    return ast.Lambda(ast.arguments([], [ast.arg(n) for n in names], rest, [], [], None, []), body)


class Outside(dict[str, Any]):
    """What the names in a function mean that are not its own."""

    def __init__(self, function: Any, names: dict[str, Any] | None = None) -> None:
        super().__init__(vars(builtins), **(names or {}))
        self.is_rule = function is not None and function.__module__ == "autograd.ops"
        """Rules divide by IEEE's rules; functions of floats raise where Python does."""
        if function is not None:
            cells = [c.cell_contents for c in function.__closure__ or ()]
            self.update(function.__globals__)
            self.update(zip(function.__code__.co_freevars, cells, strict=True))

    def meant(self, e: ast.expr, own: Container[str]) -> Any:
        """Return the object that an expression of names means, of which a function's own mean none here."""
        if isinstance(e, ast.Name) and e.id not in own:
            if e.id not in self:
                raise UntranslatableError(e.id)
            return self[e.id]
        if isinstance(e, ast.Attribute):
            return getattr(self.meant(e.value, own), e.attr)
        raise UntranslatableError(ast.unparse(e))


class Written:
    """A function in C: its name, the types of its operands and of its result."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parameters: dict[str, Any] = {}
        self.defaults: dict[str, Any] = {}
        self.rest = ""
        """The operand that takes all that are left."""
        self.result: Any = None
        self.unknown = False
        """Whether nothing of it was understood."""
        self.gives_nothing = False
        """Whether what was understood returns nothing."""
        self.may_not_know = True
        self.may_raise = False
        """Whether Python may raise where this goes on."""
        self.remembers: tuple[str, ...] = ()
        self.calls_itself = False
        self.has_lists = self.gives_back = self.calls_library = False
        self.length = 0
        """Of the text, with the functions that are part of it."""
        self.is_written = False
        self.temporaries: set[str] = set()
        self.reasons: list[str] = []
        """What was not understood."""

    def write(self, program: Program, node: ast.FunctionDef | ast.Lambda, outside: Outside) -> None:
        """Translate, and enter the text in the program."""
        named, rest = node.args.args, node.args.vararg
        self.rest = rest.arg if rest else ""
        self.parameters = {a.arg: type_of(a.annotation) for a in named}
        for a, default in zip(reversed(named), reversed(node.args.defaults), strict=False):
            self.defaults[a.arg] = ast.literal_eval(default)
        if rest:
            self.parameters[rest.arg] = LIST
        if self.result is None:
            self.result = type_of(node.returns) if isinstance(node, ast.FunctionDef) else FLOAT
        if isinstance(self.result, tuple):
            program.tuple_type(self.result)
        body: list[ast.stmt] = node.body if isinstance(node, ast.FunctionDef) else [ast.Return(node.body)]
        names, kind = dict(self.parameters), ("", False, False)
        while True:  # until the types of all variables are known, and the function's own
            self.reasons, before = [], (names, kind)
            writer = Writer(program, outside, self, dict(names))
            lines, names = writer.block(body), writer.variables
            lists = any("List " in line or "list_of(" in line for line in lines)
            within = LIST not in [self.result, *self.parameters.values()]
            self.gives_back = lists and within and program.dialect.gives_back
            self.has_lists |= lists and not self.gives_back
            self.length = sum(map(len, lines)) + writer.called_length
            kind = program.dialect.declared(self), self.gives_back, self.calls_library
            if (names, kind) == before:
                break
        self.is_written = True
        if not leaves(body) and lines[-1:] != ["UNKNOWN;"]:
            lines.append("UNKNOWN;")
        self.unknown = lines == ["UNKNOWN;"]
        self.gives_nothing = not any(line.startswith("return") for line in lines)
        own = {k: t for k, t in names.items() if k not in self.parameters and k not in self.temporaries}
        declared = [f"{c_type(kind)} {name} = {zero(kind)};" for name, kind in own.items()]
        text = "\n    ".join([*declared, *lines])
        self.may_not_know = "UNKNOWN" in text
        mark = "    const Mark mark = lists_so_far();\n" if self.gives_back else ""
        unknown = "NAN" if self.result == FLOAT else zero(self.result)
        nothing = mark + (
            f"    const {c_type(self.result)} nothing = {unknown};\n" if self.may_not_know else ""
        )
        head = ", ".join(f"{c_type(kind)} {name}" for name, kind in self.parameters.items()) or "void"
        doc = (ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else "") or ""
        returns = f"{kind[0]} {c_type(self.result)}"
        comment = f"/* {doc.splitlines()[0]} */\n" if doc else ""
        program.heads.append(f"{returns} {self.name}({head});")
        name = self.name
        kinds, template = [*self.parameters.values()], ""
        if program.dialect.is_inlined(self):
            pass  # to remember would take a branch, and loops over numbers would stay scalar
        elif LIST in self.remembers and kinds == [LIST]:
            template = REMEMBERED
        elif FLOAT in self.remembers and {*kinds} == {FLOAT}:
            template = REMEMBERED_NUMBERS
        if template:
            name = f"{self.name}_anew"
            program.heads.append(f"{returns} {name}({head});")
            program.texts.append(template.format(
                returns=returns, result=c_type(self.result), name=self.name, xs=", ".join(self.parameters),
                head=head, n=len(kinds), known="!unknown" if self.may_not_know else "1",
            ))  # fmt: skip
        program.texts.append(f"{comment}{returns}\n{name}({head})\n{{\n{nothing}    {text}\n}}\n")


REMEMBERED = """{returns}
{name}(List {xs})
{{
    static struct {{ unsigned long kernel; const double *at; long n; {result} result; }} latest;
    if (latest.kernel != kernels || latest.at != {xs}.at || latest.n != {xs}.n) {{
        latest.result = {name}_anew({xs});
        latest.kernel = kernels, latest.at = {xs}.at, latest.n = {xs}.n;
    }}
    return latest.result;
}}
"""


REMEMBERED_NUMBERS = """{returns}
{name}({head})
{{
#ifdef LATEST
    LATEST struct {{ double of[{n}]; {result} result; int known; }} latest;
    const double of[] = {{{xs}}};
    if (!latest.known || memcmp(latest.of, of, sizeof of)) {{
        latest.result = {name}_anew({xs});
        memcpy(latest.of, of, sizeof of);
        latest.known = {known};
    }}
    return latest.result;
#else
    return {name}_anew({xs});
#endif
}}
"""


def zero(kind: Any) -> str:
    """Return what a variable of a type begins with."""
    return "0" if kind in (INT, BOOL) else "0.0" if kind == FLOAT else "{0}"


def _place(writer: Writer, e: ast.Call) -> Text:
    """Spell `many.place`, but for its error."""
    index, count = writer.kept(Text(writer.number(e.args[1]), FLOAT)).text, writer.expression(e.args[2]).text
    writer.lines.append(
        f"if (!(0.0 <= {index} && {index} < (double){count} && {index} == floor({index}))) UNKNOWN;"
    )
    return Text(f"(long){index}", INT)


def _require(writer: Writer, e: ast.Call) -> Text:
    """Spell the check that there is an operand."""
    writer.lines.append(f"if (!{writer.listed(e.args[1])}.n) UNKNOWN;")
    return Text("0", INT)


def _factorial(writer: Writer, e: ast.Call) -> Text:
    """Spell `math.factorial` as far as doubles hold it exactly."""
    n = writer.kept(writer.expression(e.args[0])).text
    table = writer.program.table(tuple(float(math.factorial(k)) for k in range(21)))
    writer.lines.append(f"if ({n} < 0 || {n} > 20) UNKNOWN;")
    return Text(f"{table}.at[{n}]", FLOAT)


def _product(writer: Writer, e: ast.Call) -> Text:
    """Spell `elementary.prod`, whose whole numbers have 181 bits, by pairs of doubles."""
    return writer.known(f"product({writer.operands(e)})", FLOAT)


def _products_of_others(writer: Writer, e: ast.Call) -> Text:
    """Spell that function in the same way."""
    return writer.known(f"products_of_others({writer.listed(e.args[0])})", LIST)


class Writer:
    """Translates the statements of one function."""

    def __init__(self, program: Program, outside: Outside, made: Written, variables: dict[str, Any]) -> None:
        self.program, self.outside, self.made = program, outside, made
        self.variables = variables
        self.lines: list[str] = []
        self.handlers: list[dict[str, str]] = []
        self.count = 0
        self.called_length = 0
        self.coefficients: set[str] = set()
        """Names of numbers of a table of constants, in a loop over them."""

    # Statements.

    def block(self, statements: list[ast.stmt]) -> list[str]:
        """Translate statements up to the first that is not understood."""
        lines: list[str] = []
        outer, self.lines = self.lines, lines
        for statement in statements:
            here = len(lines)
            try:
                self.statement(statement)
            except UntranslatableError as reason:
                self.made.reasons.append(str(reason))
                lines[here:] = ["UNKNOWN;"]
                break
        self.lines = outer
        return lines

    def statement(self, s: ast.stmt) -> None:
        """Translate one statement."""
        visit = getattr(self, f"_{type(s).__name__.lower()}", None)
        if visit is None:
            raise UntranslatableError(type(s).__name__)
        visit(s)

    def _return(self, s: ast.Return) -> None:
        if s.value is None:
            raise UntranslatableError("return of nothing")
        kind = self.made.result
        text = self.converted(self.expression(s.value, kind), kind)
        if self.made.gives_back:
            self.lines += ["{", f"const {self.c_type(kind)} result = {text};", "give_back_lists(mark);"]
            self.lines += ["return result;", "}"]
        else:
            self.lines.append(f"return {text};")

    def _pass(self, _: ast.Pass) -> None:
        self.lines.append(";")

    def _break(self, _: ast.Break) -> None:
        self.lines.append("break;")

    def _continue(self, _: ast.Continue) -> None:
        self.lines.append("continue;")

    def _assign(self, s: ast.Assign) -> None:
        values = self.expression(s.value)
        for target in s.targets:
            self.assign(target, values)

    def _annassign(self, s: ast.AnnAssign) -> None:
        if s.value is None:
            raise UntranslatableError("a declaration")
        self.assign(s.target, self.expression(s.value, type_of(s.annotation)))

    def _augassign(self, s: ast.AugAssign) -> None:
        if isinstance(s.target, ast.Name) and self.variables.get(s.target.id) == LIST:
            if not isinstance(s.op, ast.Add):
                raise UntranslatableError("a list's operator")
            for x in self.elements(s.value):
                self.lines.append(f"append(&{s.target.id}, {x.text});")
            return
        value = ast.BinOp(ast.parse(ast.unparse(s.target), mode="eval").body, s.op, s.value)
        self.assign(s.target, self.expression(value))

    def elements(self, e: ast.expr) -> list[Text]:
        """Return what a tuple consists of."""
        found = self.expression(e)
        return [Text(self.converted(x, FLOAT), FLOAT) for x in self.parts(found)]

    def _expr(self, s: ast.Expr) -> None:
        if isinstance(s.value, ast.Constant):
            return
        call = s.value
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
        ):
            name = call.func.value.id
            if self.variables.get(name) == LIST and call.func.attr == "append":
                self.lines.append(f"append(&{name}, {self.number(call.args[0])});")
                return
            if self.variables.get(name) == LIST and call.func.attr == "pop" and not call.args:
                self.lines.append(f"if (!{name}.n--) UNKNOWN;")
                return
        self.expression(s.value)

    def _if(self, s: ast.If) -> None:
        condition = self.condition(s.test)
        self.lines.append(f"if ({condition}) {{")
        self.lines += self.block(s.body)
        if s.orelse:
            self.lines.append("} else {")
            self.lines += self.block(s.orelse)
        self.lines.append("}")

    def _while(self, s: ast.While) -> None:
        self.lines.append("for (;;) {")
        self.lines.append(f"if (!({self.condition(s.test)})) break;")
        self.lines += self.block(s.body)
        self.lines.append("}")

    def _for(self, s: ast.For) -> None:
        if s.orelse:
            raise UntranslatableError("for with else")
        rows: Any = self.outside.get(s.iter.id) if isinstance(s.iter, ast.Name) else None
        if _are_pairs(rows):
            for row in rows:  # once for each, its numbers in place of their names
                names = [t.id for t in s.target.elts if isinstance(t, ast.Name)]  # type: ignore[attr-defined]
                values = dict(zip(names, map(ast.Constant, row), strict=True))
                self.lines += ["{", *self.block(replaced(s.body, values)), "}"]
            return
        with_end = self.loop(s.target, s.iter)
        self.lines += self.block(s.body)
        self.lines += with_end

    def loop(self, target: ast.expr, over: ast.expr) -> list[str]:
        """Open a loop; return what closes it."""
        i = self.fresh()
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Name):
            f = self.outside.get(over.func.id)
            if f is range:
                bounds = [self.converted(self.expression(a), INT) for a in over.args]
                low, high = ["0", *bounds][-2:] if len(bounds) < 3 else bounds[:2]
                stride = over.args[2] if len(bounds) == 3 else ast.Constant(1)
                size = ast.literal_eval(stride)
                self.lines.append(
                    f"for (long {i} = {low}; {i} {'<' if size > 0 else '>'} {high}; {i} += {size}) {{"
                )
                self.assign(target, Text(i, INT))
                return ["}"]
            if f is enumerate:
                values = self.listed(over.args[0])
                start = self.converted(self.expression(over.args[1]), INT) if len(over.args) > 1 else "0"
                self.lines.append(f"for (long {i} = 0; {i} < {values}.n; {i}++) {{")
                self.assign(target, Tuple([Text(f"({i} + {start})", INT), Text(f"{values}.at[{i}]", FLOAT)]))
                return ["}"]
            if f is zip:
                lists = [self.listed(a) for a in over.args]
                for other in lists[1:]:
                    self.lines.append(f"if ({other}.n != {lists[0]}.n) UNKNOWN;")
                self.lines.append(f"for (long {i} = 0; {i} < {lists[0]}.n; {i}++) {{")
                self.assign(target, Tuple([Text(f"{x}.at[{i}]", FLOAT) for x in lists]))
                return ["}"]
            if f is reversed:
                over = ast.Subscript(
                    over.args[0], ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1)))
                )
        if isinstance(over, ast.Subscript) and isinstance(over.slice, ast.Slice):
            values, r = self.listed(over.value), self.fresh()
            start, stop, step = self.bounds(over.slice)
            self.lines.append(f"Range {r} = range_of({values}.n, {start}, {stop}, {step});")
            self.lines.append(f"for (long {i} = 0; {i} < {r}.count; {i}++) {{")
            self.assign(target, Text(f"{values}.at[{r}.start + {i} * {r}.step]", FLOAT))
            return ["}"]
        values = self.listed(over)
        size = self.program.sizes.get(values)
        if size is not None:  # of constants, each a number for the compiler
            self.lines.append(f"UNROLL for (long {i} = 0; {i} < {size}; {i}++) {{")
            self.assign(target, Text(f"{values}_at[{i}]", FLOAT))
            self.coefficients |= {target.id} if isinstance(target, ast.Name) else set()
            return ["}"]
        self.lines.append(f"for (long {i} = 0; {i} < {values}.n; {i}++) {{")
        self.assign(target, Text(f"{values}.at[{i}]", FLOAT))
        return ["}"]

    def bounds(self, s: ast.Slice) -> tuple[str, str, str]:
        """Return start, stop and step of a slice; NONE stands for one that is not there."""
        step = ast.literal_eval(s.step) if s.step is not None else 1
        ends = ["NONE" if x is None else self.converted(self.expression(x), INT) for x in (s.lower, s.upper)]
        return ends[0], ends[1], str(step)

    def _try(self, s: ast.Try) -> None:
        if s.orelse or s.finalbody:
            raise UntranslatableError("try with else or finally")
        self.count += 1
        end = f"end{self.count}"
        known: dict[str, str] = {}
        labels = []
        for k, handler in enumerate(s.handlers):
            types = (
                handler.type.elts
                if isinstance(handler.type, ast.Tuple)
                else [handler.type or ast.Name("Exception")]
            )
            labels.append(f"except{self.count}_{k}")
            for t in types:
                if self.resolve(t) not in RAISED:
                    raise UntranslatableError(ast.unparse(t))
                known.setdefault(RAISED[self.resolve(t)], labels[-1])
        self.handlers.append(known)
        try:
            body = self.block(s.body)
        finally:
            self.handlers.pop()
        over = [] if leaves([s]) else [f"goto {end};"]
        self.lines += ["{", *body, "}", *over]
        for label, handler in zip(labels, s.handlers, strict=True):
            self.lines += [f"{label}: ;", "{", *self.block(handler.body), "}", *over]
        self.lines += [f"{end}: ;"] if over else []

    def raises(self, kind: str, condition: str) -> None:
        """Go to what catches an exception, or leave it to Python, where a condition holds."""
        label = next((known[kind] for known in reversed(self.handlers) if kind in known), None)
        if label is None and not self.program.dialect.raises:
            self.made.may_raise = True
            return
        self.lines.append(f"if ({condition}) {'UNKNOWN' if label is None else f'goto {label}'};")

    # Variables.

    def fresh(self) -> str:
        """Return the name of a new temporary."""
        self.count += 1
        return f"tmp{self.count}"

    def kept(self, x: Text) -> Text:
        """Return a value under a name, so that it is computed once."""
        if x.text.isidentifier():
            return x
        name = self.fresh()
        self.lines.append(f"{self.c_type(x.type)} {name} = {x.text};")
        return Text(name, x.type)

    def c_type(self, kind: Any) -> str:
        """Return a type's name, and have it declared."""
        return self.program.tuple_type(kind) if isinstance(kind, tuple) else kind

    def assign(self, target: ast.expr, value: Text) -> None:
        """Assign to a variable, to several, or to a place in a list."""
        if isinstance(target, ast.Name):
            old = self.variables.get(target.id)
            kind = value.type if old is None else joined(old, value.type)
            self.variables[target.id] = kind
            self.c_type(kind)
            self.lines.append(f"{target.id} = {self.converted(value, kind)};")
        elif isinstance(target, (ast.Tuple, ast.List)):
            starred = [i for i, t in enumerate(target.elts) if isinstance(t, ast.Starred)]
            if value.type == LIST:
                xs, n = self.kept(value).text, len(target.elts)
                if not starred:
                    self.lines.append(f"if ({xs}.n != {n}) UNKNOWN;")
                    for i, t in enumerate(target.elts):
                        self.assign(t, Text(f"{xs}.at[{i}]", FLOAT))
                    return
                self.lines.append(f"if ({xs}.n < {n - 1}) UNKNOWN;")
                for i, t in enumerate(target.elts):
                    if isinstance(t, ast.Starred):
                        behind = n - 1 - i
                        self.assign(t.value, Text(f"part({xs}, {i}, {xs}.n - {behind})", LIST))
                    else:
                        place = str(i) if i < starred[0] else f"{xs}.n - {n - i}"
                        self.assign(t, Text(f"{xs}.at[{place}]", FLOAT))
                return
            values = [self.kept_apart(x) for x in self.parts(value)]
            if starred or len(values) != len(target.elts):
                raise UntranslatableError("an assignment to several")
            for t, x in zip(target.elts, values, strict=True):
                self.assign(t, x)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            self.lines.append(f"{self.item(target)} = {self.converted(value, FLOAT)};")
        else:
            raise UntranslatableError(ast.unparse(target))

    def kept_apart(self, x: Text) -> Text:
        """Return a value that stays what it is while variables are assigned to."""
        if isinstance(x, Tuple):
            return Tuple([self.kept_apart(y) for y in x.values])
        name = self.fresh()
        self.lines.append(f"{self.c_type(x.type)} {name} = {x.text};")
        return Text(name, x.type)

    def parts(self, x: Text) -> list[Text]:
        """Return what a tuple consists of."""
        if isinstance(x, Tuple):
            return x.values
        if not isinstance(x.type, tuple):
            raise UntranslatableError("what is no tuple")
        name = self.kept(x).text
        return [Text(f"{name}._{i}", kind) for i, kind in enumerate(x.type)]

    def item(self, e: ast.Subscript) -> str:
        """Return a place in a list, checked."""
        xs = self.listed(e.value)
        i = self.kept(Text(self.converted(self.expression(e.slice), INT), INT)).text
        at = self.fresh()
        self.lines.append(f"long {at} = {i} < 0 ? {i} + {xs}.n : {i};")
        self.lines.append(f"if ({at} < 0 || {at} >= {xs}.n) UNKNOWN;")
        return f"{xs}.at[{at}]"

    # Expressions.

    def number(self, e: ast.expr) -> str:
        """Translate an expression to a double."""
        return self.converted(self.expression(e), FLOAT)

    def listed(self, e: ast.expr) -> str:
        """Translate an expression to a list, under a name."""
        return self.kept(Text(self.converted(self.expression(e, LIST), LIST), LIST)).text

    def operands(self, e: ast.Call) -> str:
        """Translate the operands of a call to a list, under a name."""
        match e.args:
            case [ast.Starred(value=xs)]:
                return self.listed(xs)
        return self.listed(ast.List(e.args))

    def known(self, text: str, kind: Any) -> Text:
        """Return what a call gives, under a name, where it knows."""
        made = self.kept(Text(text, kind))
        self.lines.append("if (unknown) UNKNOWN;")
        return made

    def converted(self, x: Text, kind: Any) -> str:
        """Return a value as another type."""
        if x.type == kind:
            return x.text if not isinstance(x, Tuple) else self.struct(x, kind)
        if kind == FLOAT and x.type in (INT, BOOL):
            return f"(double)({x.text})"
        if kind == INT and x.type == BOOL:
            return f"(long)({x.text})"
        if isinstance(x, Tuple) and isinstance(kind, tuple) and len(kind) == len(x.values):
            return self.struct(x, kind)
        if kind == LIST and isinstance(x.type, tuple):
            values = [self.converted(v, FLOAT) for v in self.parts(x)]
            return f"list_of({len(values)}, (double[]){{{', '.join(values)}}})" if values else "empty()"
        raise UntranslatableError(f"{x.type} as {kind}")

    def struct(self, x: Tuple, kind: Any) -> str:
        """Return a tuple as one value."""
        inside = ", ".join(self.converted(v, k) for v, k in zip(x.values, kind, strict=True))
        return f"({self.c_type(kind)}){{{inside}}}"

    def resolve(self, e: ast.expr) -> Any:
        """Return the object of Python that a name outside of the function means."""
        return self.outside.meant(e, self.variables)

    def constant(self, x: Any) -> Text:
        """Translate a number, or numbers, that the module defines."""
        if isinstance(x, bool):
            return Text(str(int(x)), BOOL)
        if isinstance(x, int):
            return Text(str(x), INT)
        if isinstance(x, float):
            return Text(literal(x), FLOAT)
        if isinstance(x, (tuple, list)) and len(x) < 4 and all(isinstance(v, (float, int)) for v in x):
            return Tuple([self.constant(v) for v in x])
        if isinstance(x, (tuple, list)) and x and all(isinstance(v, float) for v in x):
            return Text(self.program.table(tuple(x)), LIST)
        raise UntranslatableError(f"a constant {x!r:.30}")

    def expression(self, e: ast.expr, wanted: Any = None) -> Text:
        """Translate an expression; what has to be computed first is added to the lines."""
        if isinstance(e, ast.Constant):
            return self.constant(e.value)
        if isinstance(e, ast.Name) and e.id in self.variables:
            return Text(e.id, self.variables[e.id])
        if isinstance(e, (ast.Name, ast.Attribute)):
            return self.constant(self.resolve(e))
        visit = getattr(self, f"_{type(e).__name__.lower()}_value", None)
        if visit is None:
            raise UntranslatableError(ast.unparse(e))
        found: Text = visit(e, wanted)
        return found

    def _tuple_value(self, e: ast.Tuple | ast.List, wanted: Any) -> Text:
        if (
            not any(isinstance(x, ast.Starred) for x in e.elts)
            and wanted != LIST
            and isinstance(e, ast.Tuple)
        ):
            kinds = (
                wanted if isinstance(wanted, tuple) and len(wanted) == len(e.elts) else [None] * len(e.elts)
            )
            return Tuple([self.expression(x, k) for x, k in zip(e.elts, kinds, strict=True)])
        texts: list[str] = []  # of lists, one for each run of numbers and for each starred one
        for starred, run in groupby(e.elts, lambda x: isinstance(x, ast.Starred)):
            if starred:
                texts += [self.listed(x.value) for x in run if isinstance(x, ast.Starred)]
            else:
                numbers = [self.kept(Text(self.number(x), FLOAT)).text for x in run]
                texts.append(f"list_of({len(numbers)}, (double[]){{{', '.join(numbers)}}})")
        if len(texts) == 1 and isinstance(e.elts[0], ast.Starred):
            return Text(f"copied({texts[0]})", LIST)
        return Text(reduce("joined({}, {})".format, texts) if texts else "empty()", LIST)

    _list_value = _tuple_value

    def _namedexpr_value(self, e: ast.NamedExpr, wanted: Any) -> Text:
        self.assign(e.target, self.expression(e.value, wanted))
        return Text(e.target.id, self.variables[e.target.id])

    def _unaryop_value(self, e: ast.UnaryOp, _: Any) -> Text:
        if isinstance(e.op, ast.Not):
            return Text(f"!({self.condition(e.operand)})", BOOL)
        x = self.expression(e.operand)
        if not isinstance(e.op, ast.USub) or x.type not in (FLOAT, INT):
            raise UntranslatableError(ast.unparse(e))
        return Text(f"(-{x.text})", x.type)

    def is_horner(self, e: ast.BinOp) -> bool:
        """Tell whether the next coefficient of a polynomial is added to a product."""
        if not (isinstance(e.op, ast.Add) and isinstance(e.right, ast.Name)):
            return False
        is_product = isinstance(e.left, ast.BinOp) and isinstance(e.left.op, ast.Mult)
        return is_product and e.right.id in self.coefficients

    def _binop_value(self, e: ast.BinOp, wanted: Any) -> Text:
        if self.program.dialect.fuses and self.is_horner(e):
            x, y = self.number(e.left.left), self.number(e.left.right)  # type: ignore[attr-defined]
            return Text(f"MULADD({x}, {y}, {self.number(e.right)})", FLOAT)
        a = self.expression(e.left, wanted if wanted == LIST else None)
        if isinstance(e.op, ast.Mult) and (a.type == LIST or isinstance(a.type, tuple)):
            return Text(
                f"repeated({self.converted(a, LIST)}, {self.converted(self.expression(e.right), INT)})", LIST
            )
        a = self.kept(a) if not isinstance(e.right, (ast.Name, ast.Constant)) and "(" in a.text else a
        b = self.expression(e.right, wanted if wanted == LIST else None)
        if isinstance(e.op, ast.Add) and LIST in (a.type, b.type):
            return Text(f"joined(copied({self.converted(a, LIST)}), {self.converted(b, LIST)})", LIST)
        if isinstance(e.op, ast.Mult) and LIST in (a.type, b.type):
            raise UntranslatableError("a list times something")
        if type(e.op) in OPERATORS:
            kind = (
                joined(a.type, b.type)
                if BOOL not in (a.type, b.type)
                else joined(joined(a.type, b.type), INT)
            )
            if kind not in (FLOAT, INT):
                raise UntranslatableError(ast.unparse(e))
            return Text(
                f"({self.converted(a, kind)} {OPERATORS[type(e.op)]} {self.converted(b, kind)})", kind
            )
        x, y = self.kept(Text(self.converted(a, FLOAT), FLOAT)).text, self.converted(b, FLOAT)
        if isinstance(e.op, ast.Div):
            if not self.outside.is_rule:
                y = self.divisor(y)
            return Text(f"({x} / {y})", FLOAT)
        if isinstance(e.op, (ast.Mod, ast.FloorDiv)):
            if INT == a.type == b.type and isinstance(e.op, ast.Mod) and isinstance(e.right, ast.Constant):
                return Text(f"(({a.text} % {b.text} + {b.text}) % {b.text})", INT)
            if INT == a.type == b.type:
                raise UntranslatableError("division of whole numbers")
            y = self.divisor(y)
            return Text(f"{'float_mod' if isinstance(e.op, ast.Mod) else 'float_floordiv'}({x}, {y})", FLOAT)
        if isinstance(e.op, ast.Pow):
            y = self.kept(Text(y, FLOAT)).text
            r = self.fresh()
            self.lines.append(f"double {r} = {self.program.dialect.named('pow', self.made)}({x}, {y});")
            # The exceptions of Python's operator, and its complex results, are left to it.
            if self.program.dialect.raises:
                self.lines.append(f"if (!isfinite({r}) || ({x} == 0.0 && {y} < 0.0)) UNKNOWN;")
            self.made.may_raise = True
            return Text(r, FLOAT)
        raise UntranslatableError(ast.unparse(e))

    def divisor(self, y: str) -> str:
        """Return a divisor, after a look whether it is zero."""
        try:
            if float(y.strip("()")) != 0.0:
                return y
        except ValueError:
            pass
        y = self.kept(Text(y, FLOAT)).text
        self.raises("z", f"{y} == 0.0")
        return y

    def _ifexp_value(self, e: ast.IfExp, wanted: Any) -> Text:
        condition = self.condition(e.test)
        arms: list[tuple[Text | None, list[str]]] = []
        reasons = []
        for arm in (e.body, e.orelse):
            outer, self.lines = self.lines, []
            handlers = self.handlers
            try:
                arms.append((self.expression(arm, wanted), self.lines))
            except UntranslatableError as reason:
                reasons.append(reason)
                arms.append((None, ["UNKNOWN;"]))
            self.lines, self.handlers = outer, handlers
        (a, a_lines), (b, b_lines) = arms
        if a is None or b is None:
            known = a or b
            if known is None:
                raise reasons[0]
            self.made.reasons.append(str(reasons[0]))
            name = self.fresh()
            self.lines.append(f"{self.c_type(known.type)} {name} = {zero(known.type)};")
            done = f"{name} = {self.converted(known, known.type)};"
            self.lines += [f"if ({condition}) {{", *a_lines, *[done] * (a is known), "} else {"]
            self.lines += [*b_lines, *[done] * (b is known), "}"]
            return Text(name, known.type)
        kind = joined(a.type, b.type)
        if not (a_lines or b_lines or isinstance(kind, tuple)):
            return Text(f"({condition} ? {self.converted(a, kind)} : {self.converted(b, kind)})", kind)
        name = self.fresh()
        self.lines.append(f"{self.c_type(kind)} {name};")
        self.lines += [f"if ({condition}) {{", *a_lines, f"{name} = {self.converted(a, kind)};", "} else {"]
        self.lines += [*b_lines, f"{name} = {self.converted(b, kind)};", "}"]
        return Text(name, kind)

    def condition(self, e: ast.expr) -> str:
        """Translate what is asked by if, while, and, or, not."""
        if isinstance(e, ast.BoolOp):
            is_and = isinstance(e.op, ast.And)
            texts: list[str] = []
            name = ""
            for operand in e.values:
                outer, self.lines = self.lines, []
                text = self.condition(operand)
                inner, self.lines = self.lines, outer
                if inner and texts and not name:
                    name = self.fresh()
                    self.lines.append(
                        f"int {name} = {f' {chr(38) * 2 if is_and else chr(124) * 2} '.join(texts)};"
                    )
                if name:
                    self.lines += [f"if ({'' if is_and else '!'}{name}) {{", *inner, f"{name} = {text};", "}"]
                else:
                    self.lines += inner
                    texts.append(f"({text})")
            return name or (" && " if is_and else " || ").join(texts)
        if isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.Not):
            return f"!({self.condition(e.operand)})"
        x = self.expression(e)
        if x.type == FLOAT:
            return f"{x.text} != 0.0"
        if x.type == LIST:
            return f"{x.text}.n > 0"
        if x.type in (INT, BOOL):
            text = str(x.text)
            return text[1:-1] if isinstance(e, ast.Compare) and text[0] == "(" else text
        raise UntranslatableError(ast.unparse(e))

    def _boolop_value(self, e: ast.BoolOp, _: Any) -> Text:
        return Text(f"({self.condition(e)})", BOOL)

    def _compare_value(self, e: ast.Compare, _: Any) -> Text:
        if isinstance(e.ops[0], (ast.In, ast.NotIn)):
            sign = "!" if isinstance(e.ops[0], ast.NotIn) else ""
            if isinstance(e.comparators[0], ast.Tuple):
                x = self.kept(Text(self.number(e.left), FLOAT)).text
                texts = [f"{x} == {self.number(y)}" for y in e.comparators[0].elts]
                return Text(f"{sign}({' || '.join(texts)})", BOOL)
            return Text(f"{sign}contains({self.listed(e.comparators[0])}, {self.number(e.left)})", BOOL)
        operands = [self.expression(x) for x in (e.left, *e.comparators)]
        if len(operands) > 2:
            operands = [self.kept(x) for x in operands]
        if any(x.type not in (FLOAT, INT, BOOL) for x in operands):
            raise UntranslatableError(ast.unparse(e))
        texts = [
            f"{a.text} {COMPARISONS[type(op)]} {b.text}"
            for op, a, b in zip(e.ops, operands, operands[1:], strict=False)
        ]
        return Text("(" + " && ".join(texts) + ")", BOOL)

    def _subscript_value(self, e: ast.Subscript, _: Any) -> Text:
        try:
            table = self.resolve(e.value)
        except UntranslatableError:
            table = None
        if isinstance(table, dict):  # which of a few, each with its constants
            key = self.kept(self.expression(e.slice))
            name, kind = self.fresh(), None
            for k, x in table.items():
                value = Tuple([self.constant(v) for v in x]) if isinstance(x, tuple) else self.constant(x)
                if kind is None:
                    kind = value.type
                    self.lines.append(f"{self.c_type(kind)} {name};")
                self.lines.append(f"if ({key.text} == {k}) {name} = {self.converted(value, kind)}; else")
            self.lines.append("UNKNOWN;")
            return Text(name, kind)
        if table is not None:
            at = e.slice
            ends = [at.lower, at.upper, at.step] if isinstance(at, ast.Slice) else [at]
            try:
                numbers = [None if x is None else ast.literal_eval(x) for x in ends]
            except ValueError:  # a place that is computed
                return Text(self.item(e), FLOAT)
            return self.constant(table[slice(*numbers) if isinstance(at, ast.Slice) else numbers[0]])
        x = self.expression(e.value)
        if isinstance(x.type, tuple):
            part: Text = self.parts(x)[ast.literal_eval(e.slice)]
            return part
        if isinstance(e.slice, ast.Slice):
            start, stop, step = self.bounds(e.slice)
            xs = self.listed(e.value)
            return Text(f"sliced({xs}, range_of({xs}.n, {start}, {stop}, {step}))", LIST)
        return Text(self.item(e), FLOAT)

    def comprehension(
        self, e: ast.ListComp | ast.GeneratorExp, each: Callable[[ast.expr], list[str]]
    ) -> None:
        """Run over what a comprehension lists."""
        if len(e.generators) != 1:
            raise UntranslatableError("a comprehension of several loops")
        over = e.generators[0]
        outer, self.variables = self.variables, dict(self.variables)
        declared, before = len(self.lines), set(outer)
        ends = self.loop(over.target, over.iter)
        for test in over.ifs:
            self.lines.append(f"if (!({self.condition(test)})) continue;")
        self.lines += each(e.elt)
        self.lines += ends
        for name in [n for n in self.variables if n not in before]:
            self.lines.insert(declared, f"{self.c_type(self.variables[name])} {name};")
        for name in before:  # what the loop assigns to is its own
            if outer[name] != self.variables[name]:
                raise UntranslatableError("a variable of two types")
        self.variables = outer

    def _listcomp_value(self, e: ast.ListComp | ast.GeneratorExp, _: Any) -> Text:
        e = self.with_names_of_its_own(e)
        xs = self.fresh()
        self.lines.append(f"List {xs} = empty();")
        self.lines.append("{")
        self.comprehension(e, lambda x: self.inside(lambda: f"append(&{xs}, {self.number(x)});"))
        self.lines.append("}")
        return Text(xs, LIST)

    _generatorexp_value = _listcomp_value

    def with_names_of_its_own(self, e: Any) -> Any:
        """Return a comprehension whose variables are no others of the function."""
        names = {n.id for n in ast.walk(e.generators[0].target) if isinstance(n, ast.Name)}
        return renamed(e, {n: f"{n}_{self.fresh()}" for n in names}) if names & set(self.variables) else e

    def inside(self, made: Callable[[], str]) -> list[str]:
        """Return the lines that a statement needs, itself last."""
        outer, self.lines = self.lines, []
        last = made()
        lines, self.lines = self.lines, outer
        return [*lines, last]

    # Calls.

    def _call_value(self, e: ast.Call, _: Any) -> Text:
        if (
            isinstance(e.func, ast.Attribute)
            and isinstance(e.func.value, ast.Name)
            and e.func.value.id in self.variables
        ):
            return self.method(e.func.value.id, e.func.attr, e.args)
        f = self.resolve(e.func)
        if hasattr(f, "cache_info") and e.args and all(isinstance(x, ast.Constant) for x in e.args):
            return self.constant(f(*map(ast.literal_eval, e.args)))  # computed once and for all
        found, f = f, self.program.dialect.plain(f)
        own = self.program.dialect.own
        if f in own:
            return own[f](self, e)
        if getattr(f, "__module__", "") == "math" or f is abs:
            return self.of_math("fabs" if f is abs else f.__name__, e)
        if f in (float, int, len, max, min, any, all, tuple, list, divmod, sum):
            return self.of_builtins(f, e)
        if hasattr(f, "partials"):
            return self.of_row(f, e)
        if hasattr(f, "float_pull"):
            return self.called(self.program.function(f.values), e, [])
        if inspect.isfunction(f):
            return self.called(self.program.function(found), e, [])
        raise UntranslatableError(ast.unparse(e))

    def method(self, name: str, method: str, args: list[ast.expr]) -> Text:
        """Translate the call of a method of a list or a number."""
        if self.variables[name] == LIST and method == "index":
            at = self.fresh()
            self.lines.append(f"long {at} = index_of({name}, {self.number(args[0])});")
            self.lines.append(f"if ({at} < 0) UNKNOWN;")
            return Text(at, INT)
        if self.variables[name] == LIST and method == "count":
            return Text(f"count_of({name}, {self.number(args[0])})", INT)
        if self.variables[name] == FLOAT and method == "__round__":
            digits = self.kept(Text(self.converted(self.expression(args[0]), INT), INT)).text
            # Python rounds decimal digits, by whole numbers.
            self.lines.append(f"if ({digits} != 0) UNKNOWN;")
            return Text(f"nearbyint({name})", FLOAT)
        raise UntranslatableError(f"the method {method}")

    def of_math(self, name: str, e: ast.Call) -> Text:
        """Translate the call of a function of `math`, with what it raises."""
        if name == "fsum":
            status, r = self.fresh(), self.fresh()
            self.lines.append(f"int {status} = 0;")
            self.lines.append(f"double {r} = sum_exactly({self.listed(e.args[0])}, &{status});")
            self.raises("o", f"{status} == 1")
            self.raises("v", f"{status} == 2")
            self.lines.append(f"if ({status} == 3) UNKNOWN;")
            return Text(r, FLOAT)
        if name == "hypot":
            return self.known(f"length({self.operands(e)})", FLOAT)
        args = [self.kept(Text(self.converted(x, FLOAT), FLOAT)).text if x.type != INT else x.text
                for x in map(self.expression, e.args)]  # fmt: skip
        if name in TESTS:
            return Text(f"(!!{name}({args[0]}))", BOOL)
        if name in EXACT:
            return Text(f"{name}({', '.join(args)})", FLOAT)
        r = self.fresh()
        if name == "frexp":
            whole = self.fresh()
            self.lines += [f"int {whole} = 0;", f"double {r} = frexp({args[0]}, &{whole});"]
            self.lines.append(f"if (!isfinite({args[0]})) {whole} = 0;")
            return Tuple([Text(r, FLOAT), Text(f"(long){whole}", INT)])
        if name == "ldexp":
            self.lines.append(f"double {r} = scaled({args[0]}, {args[1]});")
            self.raises("o", f"isinf({r}) && isfinite({args[0]})")
            return Text(r, FLOAT)
        if name == "pow":
            x, y = args
            self.made.calls_library = True
            self.lines.append(f"double {r} = {self.program.dialect.named(name, self.made)}({x}, {y});")
            self.raises("v", f"isfinite({x}) && isfinite({y}) && (isnan({r}) || (isinf({r}) && {x} == 0.0))")
            self.raises("o", f"isfinite({x}) && isfinite({y}) && isinf({r})")
            return Text(r, FLOAT)
        if name not in LIBM:
            raise UntranslatableError(f"math.{name}")
        (x,) = args
        if name.startswith("log") and name != "log1p":
            self.raises("v", f"{x} <= 0.0")
        named = self.program.dialect.named(name, self.made)
        self.made.calls_library |= named == name not in ("fabs", "sqrt")
        self.lines.append(f"double {r} = {named}({x});")
        if LIBM[name] == "o":
            self.raises("o", f"isinf({r}) && isfinite({x})")
        elif (LIBM[name] == "v" and not name.startswith("log")) or name == "log1p":
            self.raises("v", f"(isnan({r}) && !isnan({x})) || (isinf({r}) && isfinite({x}))")
        return Text(r, FLOAT)

    def of_builtins(self, f: Any, e: ast.Call) -> Text:
        """Translate the call of a built-in function."""
        if f in (any, all):
            return self.quantified(f, e.args[0])
        if e.keywords:
            raise UntranslatableError(ast.unparse(e))
        if f is len:
            return Text(f"{self.listed(e.args[0])}.n", INT)
        if f in (tuple, list):
            xs = self.listed(e.args[0])
            is_new = isinstance(e.args[0], (ast.ListComp, ast.GeneratorExp))
            return Text(xs if is_new else f"copied({xs})", LIST)
        if f is float:
            return Text(self.number(e.args[0]), FLOAT)
        if f is int:
            x = self.kept(self.expression(e.args[0]))
            if x.type == FLOAT:
                self.lines.append(f"if (!(fabs({x.text}) < 1e9)) UNKNOWN;")
                return Text(f"(long){x.text}", INT)
            return Text(self.converted(x, INT), INT)
        if f is divmod:
            a, b = [self.kept(self.expression(x)) for x in e.args]
            if not INT == a.type == b.type:
                raise UntranslatableError("divmod of floats")
            q = self.fresh()
            self.lines.append(f"long {q} = {a.text} / {b.text} - ({a.text} % {b.text} < 0);")  # b is positive
            return Tuple([Text(q, INT), Text(f"({a.text} - {q} * {b.text})", INT)])
        if f in (max, min):
            sign = ">" if f is max else "<"
            if len(e.args) == 1 or isinstance(e.args[0], ast.Starred):
                xs = self.listed(
                    e.args[0]
                    if len(e.args) == 1 and not isinstance(e.args[0], ast.Starred)
                    else ast.List(e.args)
                )
                self.lines.append(f"if (!{xs}.n) UNKNOWN;")
                r, i = self.fresh(), self.fresh()
                self.lines.append(f"double {r} = {xs}.at[0];")
                self.lines.append(f"for (long {i} = 1; {i} < {xs}.n; {i}++)")
                self.lines.append(f"if ({xs}.at[{i}] {sign} {r}) {r} = {xs}.at[{i}];")
                return Text(r, FLOAT)
            values = [self.kept(self.expression(x)) for x in e.args]
            kind = values[0].type
            if len(values) != 2 or kind != values[1].type:
                raise UntranslatableError(ast.unparse(e))
            return Text("({1} {2} {0} ? {1} : {0})".format(*[x.text for x in values], sign), kind)
        raise UntranslatableError(ast.unparse(e))

    def quantified(self, f: Any, e: ast.expr) -> Text:
        """Translate any and all."""
        name = self.fresh()
        self.lines.append(f"int {name} = {int(f is all)};")
        if isinstance(e, ast.Call) and self.resolve(e.func) is map:
            e = ast.GeneratorExp(
                ast.Call(e.args[0], [ast.Name("each")], []),
                [ast.comprehension(ast.Name("each"), e.args[1], [], 0)],
            )
        if not isinstance(e, ast.GeneratorExp):
            e = ast.GeneratorExp(ast.Name("each"), [ast.comprehension(ast.Name("each"), e, [], 0)])
        each: ast.GeneratorExp = self.with_names_of_its_own(e)
        stop = f"{{ {name} = {int(f is any)}; break; }}"
        sign = "" if f is any else "!"
        self.lines.append("{")
        self.comprehension(each, lambda x: self.inside(lambda: f"if ({sign}({self.condition(x)})) {stop}"))
        self.lines.append("}")
        return Text(name, BOOL)

    def of_row(self, op: Any, e: ast.Call) -> Text:
        """Translate the call of a row on floats."""
        given = list(e.args)
        if not any(isinstance(x, ast.Starred) for x in given):
            if op.params_first and len(given) == op.arity + len(op.params):
                given = [*given[len(op.params):], *given[:len(op.params)]]
            keywords = {k.arg: k.value for k in e.keywords}
            by_position = max(len(given) - op.arity, 0) if op.arity >= 0 else 0
            for name in list(op.params)[by_position:]:
                given.append(keywords.get(name, ast.Constant(op.params[name])))
        elif op.params:
            raise UntranslatableError(ast.unparse(e))
        whole = {list(op.params).index(name) - len(op.params): bounds for name, bounds in op.whole.items()}
        if whole:
            names = {i: self.named(given[i]) for i in whole}
            given = [ast.Name(names[k]) if (k := i - len(given)) in whole else x for i, x in enumerate(given)]
            for i, (low, high) in whole.items():
                x = names[i]
                self.lines.append(
                    f"if (!({literal(low)} <= {x} && {x} <= {literal(high)} && {x} == floor({x}))) UNKNOWN;"
                )
        call = ast.Call(ast.Name("value"), given, [])
        if inspect.isfunction(op.value):
            value = getattr(op.value, "__wrapped__", op.value)
            if value in self.program.dialect.own:
                return self.program.dialect.own[value](self, call)
            return self.called(self.program.function(op.value), call, [])
        return self.of_math(op.value.__name__, call)

    def named(self, e: ast.expr) -> str:
        """Return the name of a number that is computed once."""
        name = self.kept_apart(Text(self.number(e), FLOAT)).text
        self.variables[name] = FLOAT
        self.made.temporaries.add(name)
        return name

    def called(self, f: Written, e: ast.Call, before: list[str]) -> Text:
        """Translate the call of a function that is written in C too."""
        if f.unknown or (f.may_raise and self.handlers and not self.program.dialect.raises):
            raise UntranslatableError(f.name)
        self.made.may_raise |= f.may_raise
        self.made.has_lists |= f.has_lists
        self.made.calls_itself |= f.calls_itself
        self.made.calls_library |= f.calls_library or not self.program.dialect.is_inlined(f)
        self.called_length += f.length if self.program.dialect.is_inlined(f) else 0
        keywords = {k.arg: k.value for k in e.keywords}
        given, texts = list(e.args), list(before)
        for name, kind in f.parameters.items():
            if name == f.rest:
                texts.append(self.operands(ast.Call(e.func, given, [])))
                given = []
            elif given and isinstance(given[0], ast.Starred):
                raise UntranslatableError("a starred operand")
            elif given or name in keywords:
                x = self.expression(given.pop(0) if given else keywords[name], kind)
                texts.append(
                    self.kept(Text(self.converted(x, kind), kind)).text
                    if "(" in x.text
                    else self.converted(x, kind)
                )
            elif name in f.defaults:
                texts.append(self.converted(self.constant(f.defaults[name]), kind))
            else:
                raise UntranslatableError(f"{f.name} without {name}")
        if given:
            raise UntranslatableError(f"{f.name} of more operands")
        made = Text(f"{f.name}({', '.join(texts)})", f.result)
        return self.known(made.text, made.type) if f.may_not_know else self.kept(made)


def leaves(statements: list[ast.stmt]) -> bool:
    """Tell whether statements end with a return, whichever way is taken."""
    match statements[-1:]:
        case [ast.Return()]:
            return True
        case [ast.If(body=body, orelse=other)]:
            return leaves(body) and leaves(other)
        case [ast.Try(body=body, handlers=handlers)]:
            return leaves(body) and all(leaves(h.body) for h in handlers)
    return False


def joined(a: Any, b: Any) -> Any:
    """Return the type of what is one or the other."""
    if a == b:
        return a
    if {a, b} <= {FLOAT, INT, BOOL}:
        return FLOAT if FLOAT in (a, b) else INT
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(joined(x, y) for x, y in zip(a, b, strict=True))
    if LIST in (a, b):
        return LIST
    raise UntranslatableError(f"{a} or {b}")


def replaced(statements: list[ast.stmt], names: dict[str, Any]) -> list[ast.stmt]:
    """Return statements with other expressions in place of names."""

    class Replace(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> Any:
            return names.get(node.id, node)

    copy = ast.parse("\n".join(map(ast.unparse, statements)))
    return [Replace().visit(s) for s in copy.body]


def renamed(e: Any, names: dict[str, str]) -> Any:
    """Return an expression with other names for its variables."""
    (copy,) = replaced([ast.Expr(e)], {old: ast.Name(new) for old, new in names.items()})
    return copy.value  # type: ignore[attr-defined]


def _are_pairs(x: Any) -> bool:
    """Tell whether a constant of a module lists tuples of numbers."""
    return isinstance(x, tuple) and bool(x) and all(isinstance(row, tuple) for row in x)


# The table.

KERNELS_BEGIN = """
double (*length_in_python)(const double *x, long n, int *failed);

/* What has a cache in Python keeps its latest result: of a list, as long as the kernel's lists last. */
static unsigned long kernels;
#define LATEST static
#ifdef __GNUC__
#define SMALL __attribute__((cold)) static
#else
#define SMALL static
#endif

void
begin_kernel(void)
{
    kernels++;
    unknown = 0;
    give_up_lists();
}

/* A value and its derivatives ask for the same power: it is the latest but one at most. */
static double
pow_again(double x, double y)
{
    static struct { double of[2], power; } found[2] = {{{0.0, 0.0}, 1.0}, {{0.0, 0.0}, 1.0}};
    static int latest;
    const double of[] = {x, y};
    if (!memcmp(of, found[latest].of, sizeof of)) return found[latest].power;
    if (memcmp(of, found[latest ^= 1].of, sizeof of)) {
        memcpy(found[latest].of, of, sizeof of);
        found[latest].power = pow(x, y);
    }
    return found[latest].power;
}

/* math.hypot, which rounds as the exact length does but where its last bits are all but halfway. */
static double
length(List x)
{
    static struct { double of[8], length; const double *at; long n; unsigned long kernel; } latest;
    const int is_short = x.n <= 8; /* a value and its derivatives ask for the same */
    if (latest.n == x.n && (is_short ? !memcmp(latest.of, x.at, (size_t)x.n * sizeof *x.at)
                                     : latest.at == x.at && latest.kernel == kernels))
        return latest.length;
    int failed = 0;
    double r;
    if (!length_of_ordinary(x, &r)) r = length_in_python(x.at, x.n, &failed);
    unknown |= failed;
    if (failed) return 0.0;
    if (is_short) memcpy(latest.of, x.at, (size_t)x.n * sizeof *x.at);
    latest.n = x.n, latest.at = x.at, latest.kernel = kernels, latest.length = r;
    return r;
}
"""
KERNEL = """/* {name} */
static int
kernel_{name}(const double *x, double *y, double *d)
{{
    *y = {value}({operands});
    if (unknown) return 0;
    if (!d) return 1;
    const {kind} slopes = {partials}(*y{comma}{operands});
    if (unknown) return 0;
{stores}
    return 1;
}}
"""
KERNEL_OF_MANY = """/* {name} */
static int
kernel_{name}(const double *x, long n, double *y, double *d)
{{
    *y = {value}((List){{(double *)x, n, n}});
    if (unknown) return 0;
    if (!d) return 1;
    const List slopes = {partials}(*y, (List){{(double *)x, n, n}});
    if (unknown || slopes.n > n) return 0;
    for (long i = 0; i < slopes.n; i++) d[i] = slopes.at[i];
    return 1;
}}
"""


KERNEL_OF_SEVERAL = """/* {name}: {part} */
static int
{part}_of_{name}({given}, long n, double *made)
{{
    const List found = {function}({operands});
    if (unknown || found.n != n) return 0;
    memcpy(made, found.at, (size_t)n * sizeof *made);
    return 1;
}}
"""
PARTS: Final = {"values": ["x"], "kept": ["x"], "float_pull": ["kept", "g"]}
"""The functions of an operation with several results that are written, and their operands."""


def kernels_of_several(program: Program, kind: Any) -> tuple[str, str]:
    """Return the C of an operation with several results, and its line in the table; or empty texts."""
    texts, names = [], []
    for part, operands in PARTS.items():
        if part == "kept" and kind.kept is kind.values:
            names.append("0")
            continue
        try:
            function = program.function(getattr(kind, part))
        except UntranslatableError:
            return "", ""
        if function.gives_nothing or function.result != LIST:
            return "", ""
        given = ", ".join(f"const double *{x}" for x in operands)
        lists = ", ".join(f"(List){{(double *){x}, n, n}}" for x in operands)
        texts.append(
            KERNEL_OF_SEVERAL.format(
                name=kind.name, part=part, given=given, function=function.name, operands=lists
            )
        )
        names.append(f"{part}_of_{kind.name}")
    return "\n".join(texts), f'    {{"{kind.name}", {", ".join(names)}}},'


def kernel(program: Program, op: Any) -> str:
    """Return the function of C that computes a row, or an empty text."""
    try:
        value, partials = program.value(op), program.partials(op)
    except UntranslatableError:
        return ""
    if value.gives_nothing or partials.gives_nothing:
        return ""
    if op.arity < 0:
        return KERNEL_OF_MANY.format(name=op.name, value=value.name, partials=partials.name)
    operands = op.arity + len(op.params)

    def listed(f: Written, first: int) -> str:
        """Return the operands of a call."""
        xs = [f"x[{i}]" for i in range(operands)]
        names = list(f.parameters)[first:]
        if f.rest:
            fixed = len(names) - 1
            rest = xs[fixed:]
            return ", ".join([*xs[:fixed], f"list_of({len(rest)}, (double[]){{{', '.join(rest)}}})"])
        return ", ".join(xs)

    if partials.result == LIST:
        stores = "\n".join(f"    d[{i}] = slopes.at[{i}];" for i in range(op.arity))
    else:
        stores = "\n".join(f"    d[{i}] = slopes._{i};" for i in range(op.arity))
    names = {"name": op.name, "value": value.name, "partials": partials.name, "kind": c_type(partials.result)}
    text = KERNEL.format(**names, operands="{operands}", comma=", ", stores=stores)
    first, second = text.split("{operands}", 1)
    return first + listed(value, 0) + second.replace("{operands}", listed(partials, 1))


def written() -> tuple[str, list[str]]:
    """Return the file, and the names of the rows that are left to Python."""
    program = Program()
    kernels, rows, left = [], [], []
    for op in TABLE.values():
        text = "" if op.vectors else kernel(program, op)
        if not text:
            left.append(op.name)
            continue
        kernels.append(text)
        bounds = [op.whole.get(name, (-math.inf, math.inf)) for name in op.params]
        whole = "".join(f"{{{literal(low)}, {literal(high)}, {int(name in op.whole)}}}, "
                        for name, (low, high) in zip(op.params, bounds, strict=True))  # fmt: skip
        function = f".many = kernel_{op.name}" if op.arity < 0 else f".kernel = kernel_{op.name}"
        rows.append(f'    {{"{op.name}", {function}, .whole = {{{whole or "{0, 0, 0}"}}}}},')
    several = []
    for kind in SEVERAL.values():
        text, line = kernels_of_several(program, kind)
        if text:
            kernels.append(text)
            several.append(line)
        else:
            left.append(kind.name)
    parts = [
        "/* Made by generate.py from autograd/ops.py and autograd/floats: do not edit. */",
        '#include "arithmetic.h"\n#include "rows.h"', KERNELS_BEGIN,
        program.text(), *kernels,
        f'const char *const digest_of_sources = "{native.digest(Path(native.__file__).parents[1])}";',
        "const Row rows_in_c[] = {\n" + "\n".join(rows) + "\n    {0},\n};\n",
        "const Several several_in_c[] = {\n" + "\n".join(several) + "\n    {0},\n};\n",
        *[f"/* Left to Python: {name} */" for name in left],
    ]  # fmt: skip
    return "\n".join(parts) + "\n", left


def main(target: str) -> None:
    """Write the file for the package in a source tree."""
    text, _ = written()
    Path(target).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[2])
