"""Rows for XLA from the Python that defines them: a function of floats becomes one of scalars of JAX.

What comes in is the value of a row (`autograd.floats`) and its constants; what goes out is text. The syntax
tree is evaluated with what is known, such as constants and tables of coefficients, and printed where it
depends on an operand. Both branches of a condition are computed, and `where` takes one; a loop whose end
depends on an operand is a `while_loop`, which turns only where the program would come by. `vectorize` makes
that a function over arrays. For instance, of the order 2 alone::

    def power(x, order):            def power(x):
        y = 1.0                         y = 1.0 * x
        for _ in range(int(order)):     y_2 = y * x
            y = y * x                   return jnp.where(x > 0.0, y_2, jnp.nan)
        if x > 0.0:
            return y
        return NAN

What floats do not do, such as numbers of 50 digits, is NaN here: the engine has the word there.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from autograd.floats import elementary
from autograd.native.generate import UntranslatableError, definition

__all__ = [
    "BOOL", "FLOAT", "INT", "Language", "Text", "Translated", "kind_of", "made_so_far", "shown", "translated",
]  # fmt: skip

FLOAT, INT, BOOL = "float", "int", "bool"
TAKEN = frozenset({"here", "state", "jax", "jnp", "lax", "special", "self"})
"""Names that the text of a function says by itself."""
TURNED, IN_TURN = "one round, printed once", "round by round"
ROUNDS = 48
"""So many rounds of a loop are printed one after the other, if it is known that they come."""
OPERATORS: Final[dict[type, tuple[str, Callable[[Any, Any], Any]]]] = {
    ast.Add: ("+", operator.add), ast.Sub: ("-", operator.sub), ast.Mult: ("*", operator.mul),
    ast.Div: ("/", elementary.div), ast.Mod: ("%", operator.mod), ast.FloorDiv: ("//", operator.floordiv),
    ast.Pow: ("**", operator.pow),
    ast.Lt: ("<", operator.lt), ast.LtE: ("<=", operator.le), ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge), ast.Eq: ("==", operator.eq), ast.NotEq: ("!=", operator.ne),
}  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A number that depends on an operand: an expression, and the kind of its value."""

    text: str
    kind: str = FLOAT


@dataclass(frozen=True)
class Translated:
    """A function as text.

    Attributes
    ----------
    name, text
        Its name, and its definition.
    calls
        What it calls: others of these, and names of `functions`.
    operands
        Which of the arguments are operands of the text; the others were known.
    form
        What it returns: a number, or a tuple, with a `Text` in each place where something was computed.
    guarded
        Whether a last operand ``here`` tells that its loops may turn.
    """

    name: str
    text: str
    calls: tuple[Translated | str, ...]
    operands: tuple[int, ...]
    form: Any
    guarded: bool


@dataclass(frozen=True)
class Language:
    """How functions are spelled that are not translated.

    Attributes
    ----------
    taken
        The names of those that a text calls.
    spelled
        Returns, for a function of Python and arguments, the text and which of those names it calls; None
        where there is none.
    """

    taken: frozenset[str]
    spelled: Callable[[Any, Sequence[Any]], tuple[Text, list[str]] | None]


@dataclass
class _Block:
    """What statements have come to: the values of names, and where they are evaluated at all."""

    values: dict[str, Any]
    path: list[str] = field(default_factory=list)


class _BreakError(Exception):
    """A loop, printed round by round, that may be left in the middle."""


class _Function:
    """The translation of one function."""

    def __init__(self, function: Any, arguments: Sequence[Any], name: str, language: Language) -> None:
        self.function, self.language = function, language
        self.taken: set[str] = {name, *TAKEN, *language.taken}
        self.calls: dict[Any, None] = {}
        self.guarded = False
        self.lines: list[str] = []
        self.returns: list[tuple[list[str], Any]] = []
        self.loops: list[str] = []
        self.tables: dict[tuple[float, ...], str] = {}
        tree = definition(function)
        self.space = {**vars(builtins), **function.__globals__}
        names = [x.arg for x in tree.args.args]
        self.operands = tuple([i for i, x in enumerate(arguments) if isinstance(x, Text)])
        defaults = function.__defaults__ or ()
        values: dict[str, Any] = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
        values |= zip(names, arguments, strict=False)
        for i in self.operands:
            values[names[i]] = Text(self.fresh(names[i]), arguments[i].kind)
        block = _Block(values)
        inputs = [values[names[i]].text for i in self.operands]
        if isinstance(tree, ast.Lambda):
            self.returns.append(([], self.value(tree.body, block)))
        else:
            self.annotation = tree.returns
            self.run(tree.body, block)
        result = self.returns[-1][1]
        for conditions, value in reversed(self.returns[:-1]):
            result = self.either(_all(conditions), value, result, "result")
        self.form = result
        leaves: list[str] = []
        _leaves(result, leaves)
        if self.guarded:
            inputs.append("here=True")
        shown = f"({', '.join(leaves)},)" if isinstance(result, tuple) and leaves else "".join(leaves)
        tables = [f"{table} = jnp.array({list(numbers)!r})" for numbers, table in self.tables.items()]
        code = "\n".join(f"    {line}" for line in [*tables, *self.lines])
        made = f"def {name}({', '.join(inputs)}):\n{code}\n    return {shown or None}"
        self.made = Translated(
            name, ast.unparse(ast.parse(made)), tuple(self.calls), self.operands, result, self.guarded
        )

    def fresh(self, name: str) -> str:
        """Return a name that was not used so far."""
        name = name.rsplit(maxsplit=1)[-1].strip("_") or "ignored"
        names = itertools.chain([name], (f"{name}_{k}" for k in itertools.count(2)))
        found = next(x for x in names if x not in self.taken)
        self.taken.add(found)
        return found

    def named(self, name: str, x: Any) -> Any:
        """Give what was computed a name."""
        if isinstance(x, tuple):
            return tuple([self.named(name, y) for y in x])
        if not isinstance(x, Text) or x.text.isidentifier():
            return x
        found = self.fresh(name)
        self.lines.append(f"{found} = {x.text}")
        return Text(found, x.kind)

    def truth(self, x: Any) -> str:
        """Return a condition's text."""
        if isinstance(x, Text):
            return x.text if x.kind == BOOL else f"({x.text} != 0)"
        return str(bool(x))

    # Statements. Each method tells whether what comes behind is never reached.

    def run(self, statements: Sequence[ast.stmt], block: _Block) -> str:
        """Evaluate statements in turn; return what ends them, "break" or "return", if that is sure."""
        for i, s in enumerate(statements):
            stopped = block.values.get("stopped")
            ending = self.statement(s, block)
            if ending:
                return ending
            now = block.values.get("stopped")
            if isinstance(now, Text) and now != stopped:
                return self.condition(Text(f"(~{now.text})", BOOL), statements[i + 1 :], [], block)
        return ""

    def statement(self, s: ast.stmt, block: _Block) -> str:
        """Evaluate one statement."""
        if isinstance(s, ast.Return):
            assert s.value is not None
            return self.returned(self.value(s.value, block), block)
        if isinstance(s, ast.Assign):
            value = self.value(s.value, block)
            for target in s.targets:
                self.assign(target, value, block)
        elif isinstance(s, ast.AugAssign):
            assert isinstance(s.target, ast.Name)
            load = ast.BinOp(ast.Name(s.target.id, ast.Load()), s.op, s.value)
            self.assign(s.target, self.value(load, block), block)
        elif isinstance(s, ast.Expr):
            self.appended(s.value, block)
        elif isinstance(s, ast.If):
            return self.condition(self.value(s.test, block), s.body, s.orelse, block)
        elif isinstance(s, ast.While):
            return self.loop(s, block)
        elif isinstance(s, ast.For):
            return self.over(s, block)
        elif isinstance(s, ast.Break):
            block.values["stopped"] = True
            return "break"
        elif isinstance(s, ast.Try):
            return self.run(s.body, block)
        elif isinstance(s, ast.Continue):
            return "continue"
        elif isinstance(s, ast.With | ast.Raise):
            return self.returned(_nothing(self.annotation), block)
        elif not isinstance(s, ast.Pass):
            raise UntranslatableError(ast.unparse(s)[:60])
        return ""

    def returned(self, value: Any, block: _Block) -> str:
        """Take a value to be returned where the statements are evaluated."""
        if TURNED in self.loops:
            if self.loops[-1] != TURNED:
                raise UntranslatableError("a return from a loop in a loop")
            block.values |= {"stopped": True, "left": True, "answer": self.named("answer", value)}
        else:
            self.returns.append((list(block.path), self.named("result", value)))
        return "return"

    def assign(self, target: ast.expr, value: Any, block: _Block) -> None:
        """Give a name, or several, a value."""
        if isinstance(target, ast.Tuple):
            for each, part in zip(target.elts, value, strict=True):
                self.assign(each, part, block)
            return
        if not isinstance(target, ast.Name):
            raise UntranslatableError(ast.unparse(target))
        block.values[target.id] = self.named(target.id, value)

    def appended(self, call: ast.expr, block: _Block) -> None:
        """Add to a list; one of unknown length is its sum and what rounding took from it."""
        if isinstance(call, ast.Constant):
            return
        append = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        if not (append and isinstance(call.func.value, ast.Name) and call.func.attr == "append"):  # type: ignore[attr-defined]
            raise UntranslatableError(ast.unparse(call))
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        name = call.func.value.id
        known, value = block.values[name], self.value(call.args[0], block)
        if isinstance(known, list):
            block.values[name] = [*known, self.named(name, value)]
            return
        block.values[name] = self.added(name, known, value, block)

    def added(self, name: str, total: Any, value: Any, block: _Block) -> Any:
        """Return a sum in two parts, and one number more."""
        high, lost = self.named(name, self.call(elementary.two_sum, [total[0], value], block))
        return high, self.named(f"{name}_lost", self.binary(ast.Add(), total[1], lost))

    def summed(self, body: Iterable[ast.stmt], block: _Block) -> None:
        """Make sums of the lists that statements append to, if they may do so or not."""
        for x in (x for s in body for x in ast.walk(s)):
            if isinstance(x, ast.Attribute) and x.attr == "append" and isinstance(x.value, ast.Name):
                items = block.values[x.value.id]
                if isinstance(items, list):
                    total: Any = (0.0, 0.0)
                    for item in items:
                        total = self.added(x.value.id, total, item, block)
                    block.values[x.value.id] = total

    def condition(
        self, test: Any, body: Sequence[ast.stmt], other: Sequence[ast.stmt], block: _Block
    ) -> str:
        """Evaluate what is under a condition, and what is not."""
        if not isinstance(test, Text):
            return self.run(body if test else other, block)
        self.summed([*body, *other], block)
        name = self.named("test", Text(self.truth(test), BOOL)).text
        first = _Block(dict(block.values), [*block.path, name])
        second = _Block(dict(block.values), [*block.path, f"(~{name})"])
        ends = self.run(body, first), self.run(other, second)
        turned = bool(self.loops) and self.loops[-1] == TURNED
        if "continue" in ends:
            raise UntranslatableError("continue, under a condition")
        if "break" in ends and not turned:
            raise _BreakError
        if ends[0] and ends[1]:
            if turned:
                self.merge(name, first.values, second.values, block)
            return "return"
        if ends[0] and not turned:
            block.values = second.values
        elif ends[1] and not turned:
            block.values = first.values
        else:
            self.merge(name, first.values, second.values, block)
        return ""

    def merge(self, test: str, first: dict[str, Any], second: dict[str, Any], block: _Block) -> None:
        """Give each name the value of one of two ways."""
        defaults = {"stopped": False, "left": False}
        for name in dict.fromkeys([*first, *second]):
            a = first.get(name, defaults.get(name, second.get(name)))
            b = second.get(name, defaults.get(name, a))
            block.values[name] = self.either(test, a, b, name)

    def either(self, test: str, a: Any, b: Any, name: str) -> Any:
        """Return a value, or another one."""
        if a is b or (not isinstance(a, tuple) and _same(a, b)):
            return a
        if isinstance(a, tuple) and isinstance(b, tuple):
            return tuple([self.either(test, x, y, name) for x, y in zip(a, b, strict=True)])
        kinds = {kind_of(a), kind_of(b)}
        kind = FLOAT if FLOAT in kinds else INT if INT in kinds else BOOL
        text = f"jnp.where({test}, {shown(a, kind)}, {shown(b, kind)})"
        return self.named(name, Text(text, kind))

    # Loops.

    def over(self, s: ast.For, block: _Block) -> str:
        """Evaluate a loop over a range, or over known things."""
        call = s.iter
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"):
            items = self.value(call, block)
            if not isinstance(items, tuple | list):
                raise UntranslatableError(ast.unparse(s.iter))
            return self.in_turn(s, items, block)
        ends = [self.value(x, block) for x in call.args]
        low, high, step = (0, *ends, 1) if len(ends) == 1 else (*ends, 1) if len(ends) == 2 else ends
        if not _unknown((low, high)) and len(range(low, high, step)) <= ROUNDS:
            known = self.state(block)
            try:
                return self.in_turn(s, range(low, high, step), block)
            except _BreakError:
                self.restore(known, block)
        assert isinstance(s.target, ast.Name)
        own, end = f"next {s.target.id.replace('_', 'k')}", self.fresh("end")
        block.values |= {own: low, end: self.named("end", high)}
        way = ast.Gt() if step < 0 else ast.Lt()
        test = ast.Compare(ast.Name(own, ast.Load()), [way], [ast.Name(end, ast.Load())])
        first = ast.Assign([ast.Name(s.target.id, ast.Store())], ast.Name(own, ast.Load()))
        last = ast.AugAssign(ast.Name(own, ast.Store()), ast.Add(), ast.Constant(step))
        return self.turned(test, [first, last, *s.body], block)

    def in_turn(self, s: ast.For, items: Iterable[Any], block: _Block) -> str:
        """Evaluate a loop round by round."""
        self.loops.append(IN_TURN)
        try:
            for item in items:
                self.assign(s.target, item, block)
                ending = self.run(s.body, block)
                if ending in ("break", "return"):
                    block.values.pop("stopped", None)
                    return "" if ending == "break" else ending
            return ""
        finally:
            self.loops.pop()

    def loop(self, s: ast.While, block: _Block) -> str:
        """Evaluate a loop: as long as it is known that it turns, round by round."""
        for _ in range(ROUNDS):
            known = self.state(block)
            test = self.value(s.test, block)
            if isinstance(test, Text):
                self.restore(known, block)
                break
            if not test:
                return ""
            self.loops.append(IN_TURN)
            try:
                ending = self.run(s.body, block)
            except _BreakError:
                self.restore(known, block)
                break
            finally:
                self.loops.pop()
            if ending in ("break", "return"):
                block.values.pop("stopped", None)
                return "" if ending == "break" else ending
        return self.turned(s.test, s.body, block)

    def state(self, block: _Block) -> Any:
        """Return what to go back to."""
        return list(self.lines), dict(self.calls), list(self.returns), dict(block.values), list(block.path)

    def restore(self, state: Any, block: _Block) -> None:
        """Go back."""
        self.lines, self.calls, self.returns, block.values, block.path = state

    def turned(self, test: ast.expr, body: Sequence[ast.stmt], block: _Block) -> str:
        """Print a loop."""
        self.summed(body, block)
        self.guarded = True
        names_of = [x for s in body for x in ast.walk(s) if isinstance(x, ast.Name)]
        found, written = {x.id for x in names_of}, {x.id for x in names_of if isinstance(x.ctx, ast.Store)}
        carried = [x for x in block.values if x in found and _carried(block.values[x])]
        leaves = any(isinstance(x, ast.Return | ast.With) for s in body for x in ast.walk(s))
        stops = leaves or any(isinstance(x, ast.Break) for s in body for x in ast.walk(s))
        start = {x: block.values[x] for x in carried}
        if stops:
            start |= {"stopped": False}
        if leaves:
            answer = _nothing(self.annotation)
            start |= {"left": False, "answer": answer}
        values, lines, outer = dict(start), self.lines, block.values.get("stopped")
        turns, goes, live = self.fresh("one_round"), self.fresh("goes_on"), self.fresh("live")
        while True:  # until the kinds of numbers stay, and what does not change is not carried
            self.lines = []
            inner = _Block({**block.values, **self.inside(start)}, [live])
            names = {x: inner.values[x] for x in start}
            going = self.truth(self.value(test, inner))
            before, self.lines = self.lines, []
            self.loops.append(TURNED)
            self.run(body, inner)
            self.loops.pop()
            after = {x: inner.values[x] for x in start}
            kinds = {x: _widened(start[x], after[x]) for x in start if after[x] != names[x]}
            if kinds == start:
                break
            start = kinds
        inside, self.lines = self.lines, lines
        if "stopped" in start:
            going = f"({going}) & ~{names['stopped'].text}"
        state: list[str] = []
        given: list[str] = []
        ends: list[str] = []
        for x in start:
            _leaves(names[x], state)
            _leaves(_as(start[x]), given)
            _leaves(_as(after[x], start[x]), ends)
        text = f"({', '.join(state)},)"
        if any(live in line for line in inside):
            inside = [f"{live} = {goes}(state)", *inside]
        conditions = _all(["here", *block.path, *self.past(), going])
        for name, part, result in (
            (goes, before, conditions), (turns, inside, f"({', '.join(ends)},)"),
        ):  # fmt: skip
            self.lines.append(f"def {name}(state):")
            self.lines += [f"    {line}" for line in [f"{text} = state", *part, f"return {result}"]]
        out = self.inside(start)
        names_out: list[str] = []
        for x in start:
            _leaves(out[x], names_out)
        loop = f"lax.while_loop({goes}, {turns}, ({', '.join(given)},))"
        self.lines.append(f"({', '.join(names_out)},) = {loop}")
        block.values = {x: y for x, y in block.values.items() if x not in written or x in values} | out
        left = block.values.pop("left", False)
        block.values.pop("stopped", None)
        if outer is not None:
            block.values["stopped"] = outer
        if leaves and isinstance(left, Text):
            return self.left(left, block)
        return ""

    def left(self, left: Text, block: _Block) -> str:
        """Return from where a loop was left by a return."""
        answer = block.values.pop("answer")
        if TURNED in self.loops:
            raise UntranslatableError("a return from a loop in a loop")
        self.returns.append(([*block.path, left.text], answer))
        return ""

    def past(self) -> list[str]:
        """Return that nothing was returned so far."""
        if TURNED in self.loops:
            return []
        return [f"(~({_all(conditions)}))" for conditions, _ in self.returns if conditions]

    def inside(self, start: dict[str, Any]) -> dict[str, Any]:
        """Return names for what a loop carries."""

        def own(name: str, x: Any) -> Any:
            if isinstance(x, tuple):
                return tuple([own(name, y) for y in x])
            return Text(self.fresh(name), kind_of(x))

        return {name: own(name, x) for name, x in start.items()}

    # Expressions.

    def value(self, x: ast.expr, block: _Block) -> Any:
        """Return the value of an expression, as far as it is known."""
        match x:
            case ast.Constant():
                return x.value
            case ast.Name():
                return block.values[x.id] if x.id in block.values else self.space[x.id]
            case ast.Attribute():
                return getattr(self.value(x.value, block), x.attr)
            case ast.Tuple():
                return tuple([self.value(y, block) for y in x.elts])
            case ast.List():
                return [self.value(y, block) for y in x.elts]
            case ast.Subscript():
                return self.element(self.value(x.value, block), x.slice, block)
            case ast.UnaryOp():
                return _unary(x.op, self.value(x.operand, block))
            case ast.BinOp():
                return self.binary(x.op, self.value(x.left, block), self.value(x.right, block))
            case ast.BoolOp():
                return self.logical(x, block)
            case ast.Compare():
                return self.compared(x, block)
            case ast.IfExp():
                return self.chosen(x, block)
            case ast.Call():
                arguments = [self.value(y, block) for y in x.args]
                return self.call(self.value(x.func, block), arguments, block)
        raise UntranslatableError(ast.unparse(x))

    def element(self, those: Any, x: ast.expr, block: _Block) -> Any:
        """Return an element of what is known, or some; of a table, one whose index depends on operands.

        Where such an index is none, the nearest element stands for what is not chosen then.
        """
        if isinstance(x, ast.Slice):
            parts = [None if y is None else self.value(y, block) for y in (x.lower, x.upper, x.step)]
            return those[slice(*parts)]
        found = self.value(x, block)
        if not isinstance(found, Text):
            return those[found]
        if not isinstance(those, tuple) or not all(isinstance(y, float) for y in those):
            raise UntranslatableError("an index that depends on an operand")
        if those not in self.tables:
            self.tables[those] = self.fresh("table")
        return Text(f"jnp.take({self.tables[those]}, {found.text}, mode='clip')")

    def binary(self, op: ast.AST, a: Any, b: Any) -> Any:
        """Return an operation of two values."""
        text, function = OPERATORS[type(op)]
        if not isinstance(a, Text) and not isinstance(b, Text):
            return function(a, b)
        kind = FLOAT if FLOAT in (kind_of(a), kind_of(b)) or text == "/" else INT
        return Text(f"({shown(a)} {text} {shown(b)})", kind)

    def logical(self, x: ast.BoolOp, block: _Block) -> Any:
        """Return whether all hold, or one."""
        every, texts = isinstance(x.op, ast.And), []
        for y in x.values:
            found = self.value(y, block)
            if isinstance(found, Text):
                texts.append(self.truth(found))
            elif bool(found) != every:
                if not texts:
                    return found
                return not every
        if not texts:
            return every
        return Text(f"({(' & ' if every else ' | ').join(texts)})", BOOL)

    def compared(self, x: ast.Compare, block: _Block) -> Any:
        """Return what a comparison, a chain of some, or a question for one of several numbers, says."""
        if isinstance(x.ops[0], ast.In | ast.NotIn):
            (those,) = x.comparators
            assert isinstance(those, ast.Tuple)
            equal: list[ast.expr] = [ast.Compare(x.left, [ast.Eq()], [y]) for y in those.elts]
            one: ast.expr = ast.BoolOp(ast.Or(), equal)
            return self.value(one if isinstance(x.ops[0], ast.In) else ast.UnaryOp(ast.Not(), one), block)
        values = [self.value(x.left, block)]
        texts = []
        for op, y in zip(x.ops, x.comparators, strict=True):
            values.append(self.named("compared", self.value(y, block)))
            a, b = values[-2:]
            symbol, function = OPERATORS[type(op)]
            if isinstance(a, Text) or isinstance(b, Text):
                texts.append(f"({shown(a)} {symbol} {shown(b)})")
            elif not function(a, b):
                return False
        return Text(f"({' & '.join(texts)})", BOOL) if texts else True

    def chosen(self, x: ast.IfExp, block: _Block) -> Any:
        """Return one of two expressions."""
        test = self.value(x.test, block)
        if not isinstance(test, Text):
            return self.value(x.body if test else x.orelse, block)
        name = self.named("test", Text(self.truth(test), BOOL)).text
        first = self.value(x.body, _Block(block.values, [*block.path, name]))
        second = self.value(x.orelse, _Block(block.values, [*block.path, f"(~{name})"]))
        return self.either(name, first, second, "chosen")

    def call(self, function: Any, arguments: list[Any], block: _Block) -> Any:
        """Return what a function returns."""
        function = getattr(function, "__wrapped__", function)
        if function is math.fsum:
            return self.sum_of(arguments[0], block)
        if not _unknown(arguments):
            return function(*arguments)
        if function is abs:
            return Text(f"jnp.abs({arguments[0].text})", arguments[0].kind)
        if function is math.frexp:
            m, k = self.fresh("m"), self.fresh("k")
            self.lines.append(f"{m}, {k} = jnp.frexp({arguments[0].text})")
            return Text(m), Text(k, INT)
        if function is int:
            return Text(f"({arguments[0].text}).astype(int)", INT)
        known = self.language.spelled(function, arguments)
        if known is not None:
            self.calls |= dict.fromkeys(known[1])
            return known[0]
        if not hasattr(function, "__code__") or inspect.ismethod(function):
            raise UntranslatableError(f"a call of {function!r:.60}")
        return self.called(function, arguments, block)

    def sum_of(self, terms: Any, block: _Block) -> Any:
        """Return the sum of a list, almost rounded once."""
        total = terms
        if isinstance(terms, list):
            if not _unknown(terms):
                return math.fsum(terms)
            total = (0.0, 0.0)
            for item in terms:
                total = self.added("total", total, item, block)
        return self.binary(ast.Add(), *total)

    def called(self, function: Any, arguments: list[Any], block: _Block) -> Any:
        """Return what a function of Python returns, which is translated too."""
        plain = tuple([Text("", x.kind) if isinstance(x, Text) else x for x in arguments])
        try:
            made = translated(function, plain, self.language)
        except UntranslatableError:
            return _nothing(definition(function).returns)  # type: ignore[union-attr]
        self.calls[made] = None
        texts = [arguments[i].text for i in made.operands]
        if made.guarded:
            self.guarded = True
            texts.append(_all(["here", *block.path, *self.past()]))
        name = made.name.partition("__")[0]
        found: list[str] = []

        def own(x: Any) -> Any:
            if isinstance(x, tuple):
                return tuple([own(y) for y in x])
            if not isinstance(x, Text):
                return x
            found.append(self.fresh("part" if isinstance(made.form, tuple) else name))
            return Text(found[-1], x.kind)

        result = own(made.form)
        if found:
            targets = ", ".join(found) + "," * isinstance(made.form, tuple)
            self.lines.append(f"{targets} = {made.name}({', '.join(texts)})")
        return result


def _all(conditions: Sequence[str]) -> str:
    """Return the text of a condition that holds where all of some do."""
    found = [f"({x})" for x in conditions if x != "True"]
    return " & ".join(found) or "True"


def kind_of(x: Any) -> str:
    """Return the kind of a number."""
    if isinstance(x, Text):
        return x.kind
    return BOOL if isinstance(x, bool) else INT if isinstance(x, int) else FLOAT


def shown(x: Any, kind: str = "") -> str:
    """Return the text of a number."""
    if isinstance(x, Text):
        return x.text
    if isinstance(x, bool):
        return str(x)
    if not isinstance(x, int | float):
        raise UntranslatableError(f"a number beside {x!r:.40}")
    if kind == FLOAT:
        x = float(x)
    if isinstance(x, float) and not math.isfinite(x):
        return "jnp.nan" if x != x else "jnp.inf" if x > 0.0 else "(-jnp.inf)"
    return f"({x!r})"


def _same(a: Any, b: Any) -> bool:
    """Tell whether two values are one, NaN and the signs of zeros included."""
    if isinstance(a, Text) or isinstance(b, Text) or not isinstance(a, int | float):
        return type(a) is type(b) and bool(a == b)
    return type(a) is type(b) and repr(a) == repr(b)


def _unknown(values: Iterable[Any]) -> bool:
    """Tell whether a value depends on an operand."""
    return any(isinstance(x, Text) or (isinstance(x, list | tuple) and _unknown(x)) for x in values)


def _carried(x: Any) -> bool:
    """Tell whether a loop can carry a value: a number, or several."""
    return all(map(_carried, x)) if isinstance(x, tuple) else isinstance(x, Text | int | float)


def _leaves(x: Any, out: list[str]) -> None:
    """Append the texts in a value."""
    if isinstance(x, tuple):
        for y in x:
            _leaves(y, out)
    elif isinstance(x, Text):
        out.append(x.text)


def _as(x: Any, like: Any = None) -> Any:
    """Return a value of texts, of the kinds that another one has."""
    if isinstance(x, tuple):
        return tuple([_as(y, None if like is None else like[i]) for i, y in enumerate(x)])
    kind = kind_of(x if like is None else like)
    text = shown(x, kind)
    widened = kind == FLOAT and kind_of(x) == INT and isinstance(x, Text)
    return Text(f"(1.0 * {text})" if widened else text, kind)


def _widened(a: Any, b: Any) -> Any:
    """Return what a loop starts with: a float where a round makes one of a whole number."""
    if isinstance(a, tuple):
        return tuple([_widened(x, y) for x, y in zip(a, b, strict=True)])
    if kind_of(a) == FLOAT or kind_of(b) != FLOAT:
        return a
    return Text(f"(1.0 * {a.text})") if isinstance(a, Text) else float(a)


def _unary(op: ast.unaryop, x: Any) -> Any:
    """Return an operation of one value."""
    if not isinstance(x, Text):
        return not x if isinstance(op, ast.Not) else -x if isinstance(op, ast.USub) else +x
    if isinstance(op, ast.Not):
        return Text(f"(~({x.text}))", BOOL)
    return Text(f"(-{x.text})", x.kind) if isinstance(op, ast.USub) else x


def _nothing(annotation: Any) -> Any:
    """Return NaN in place of what an annotation means."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "tuple":
        inside = annotation.slice
        return tuple(map(_nothing, inside.elts if isinstance(inside, ast.Tuple) else [inside]))
    return math.nan


@lru_cache(maxsize=1024)
def _made(function: Any, kinds: tuple[Any, ...], arguments: str, language: Language) -> Translated:
    """Return a function as text, for arguments of which some are known; ``arguments`` tells 0 from -0."""
    base = function.__name__.strip("_<>")
    made = _NAMES.setdefault(base, [])
    made.append(arguments)
    found = _Function(function, kinds, f"{base}__{len(made)}", language).made
    _TEXTS[found.name] = found.text
    return found


def made_so_far() -> dict[str, str]:
    """Return the texts of all functions that were translated, by name."""
    return _TEXTS


_TEXTS: dict[str, str] = {}
"""What was translated in this process."""
_NAMES: dict[str, list[str]] = {}
"""For each name of a function what was made of it so far: a number tells them apart."""


def translated(function: Any, arguments: tuple[Any, ...], language: Language) -> Translated:
    """Return a function of floats as text.

    Parameters
    ----------
    function
        Of floats.
    arguments
        For each argument its value, or a `Text` for an operand.
    language
        How other functions are spelled.

    Returns
    -------
    Translated
        The function, and those that it calls.
    """
    try:
        return _made(function, arguments, repr(arguments), language)
    except TypeError as error:  # a list among the arguments
        raise UntranslatableError(str(error)) from None
