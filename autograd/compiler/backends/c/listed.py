"""Long programs in C: what does not fit into a text of bounded length becomes numbers that a short one reads.

A compiler takes time for each character, so a program of any length compiles in a second only if its text
has a bounded length. Lines that differ in nothing but their numbers are one function of these; which
functions run, and on what, stands as words of eight bytes behind the program's shared numbers, where long
tables are as well. So ``s[7] = 0.5 * s[3] * s[4];`` and ``s[9] = 0.25 * s[3] * s[8];`` are the words
``1, 7, 0.5, 3, 4`` and ``1, 9, 0.25, 3, 8``; and a loop is ``0``, its count, and how many words its body has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.backends.c.spelling import literal
from autograd.compiler.backends.indices import ROUND

__all__ = ["Lines", "Listed"]

SHORT, SHORTER = 64, 8
"""Up to so many numbers a table is part of the text; and of the text of a program that is listed."""
TAPED = 0.1
"""What part of the text of a program that is listed is for lines that could as well be on a tape."""
WORD = re.compile(
    r"(?P<as_it_is>\{0\}|\bp\d+\[\d+\](?= = |;)|(?<![\w.])[01]\.0(?![\w.]))"
    r"|(?P<table>\bt\d+\b)|(?<![\w.])(?P<number>\d+(?P<point>\.\d*)?(?P<exponent>e[-+]?\d+)?)(?![\w.])"
)
"""The numbers in a line that may differ: all but initial zeros, the sizes of arrays, 0.0 and 1.0."""
SLANTED = re.compile(r"FOR\(i\d+, [^)]*i\d")
"""The head of a loop whose bound moves with another loop."""
TABLE = re.compile(r"\bt\d+\b")


class Lines(NamedTuple):
    """Lines that run in each of some rounds, and how many numbers they compute in one.

    ``listed`` returns what is listed in their place, if that is something else.
    """

    rounds: int
    texts: list[str]
    work: float
    listed: Callable[[], str] | None = None

    def text(self) -> str:
        """Return the lines, within a loop where there are several rounds."""
        begin = f"    for (long {ROUND} = 0; {ROUND} < {self.rounds}; {ROUND}++) {{"
        return "\n".join(self.texts if self.rounds == 1 else [begin, *self.texts, "    }"])


def _length(lines: Lines) -> int:
    """Return how many characters lines have, as many times as takes a compiler longer for nested loops."""
    return sum(len(text) * (1 + len(SLANTED.findall(text.partition("{")[0]))) for text in lines.texts)


class Listed:
    """The numbers of a program that are not in its text, and its tables.

    Parameters
    ----------
    start
        How many numbers are in front of those.
    most
        How many characters of statements the text may have; infinity for all, and for all tables.

    Attributes
    ----------
    length
        How many characters all statements have.
    """

    def __init__(self, start: int, most: float) -> None:
        self.start, self.most = start, most
        self.short = SHORT if math.isfinite(most) else math.inf
        self.names: dict[bytes, str] = {}
        self.arrays: dict[str, Any] = {}
        self.places: dict[str, int] = {}
        self.behind: list[Any] = []
        self.next = start
        self.inline: set[int] = set()
        self.length = 0

    def numbers(self) -> Any:
        """Return what is to stand behind the shared numbers."""
        return np.concatenate([np.zeros(0), *self.behind])

    def choose(self, lines: Sequence[Lines]) -> None:
        """Choose what stays in the text: those that compute most for each character, as many as may be.

        In the text of a program that is too long, a part is for what has a tape: it is listed at little cost.
        """
        self.length = sum(map(_length, lines))
        left = [self.most, self.most]
        if self.length > self.most:
            self.short, left[0] = SHORTER, TAPED * self.most
        for one in sorted(lines, key=lambda one: -one.rounds * one.work / _length(one)):
            k = int(one.listed is None)
            left[k] -= _length(one)
            if left[k] >= 0:
                self.inline.add(id(one))

    # Tables.

    def table(self, numbers: Any) -> str:
        """Return the name of a table; equal ones have one name."""
        name = self.names.setdefault(numbers.dtype.char.encode() + numbers.tobytes(), f"t{len(self.names)}")
        self.arrays[name] = numbers
        return name

    def place(self, name: str) -> int:
        """Return where a table's numbers stand behind the others."""
        if name not in self.places:
            self.places[name] = self._put(self.arrays[name].view(np.float64))
        return self.places[name]

    def _put(self, words: Any) -> int:
        at, self.next = self.next, self.next + len(words)
        self.behind.append(words)
        return at

    def tables(self, text: str) -> str:
        """Return the tables that a text names."""
        used = set(TABLE.findall(text))
        return "\n".join([self._declared(name) for name in self.arrays if name in used])

    def _declared(self, name: str) -> str:
        numbers = self.arrays[name]
        whole = numbers.dtype != np.float64
        if len(numbers) > self.short:
            return f"#define {name} ({'(const Word *)' * whole}s + {self.place(name)})"
        items = [str(x) if whole else literal(x) for x in numbers.tolist()]
        rows = "\n    ".join(", ".join(items[i : i + 16]) + "," for i in range(0, len(items), 16))
        return f"{'static const int' if whole else 'CONSTANTS'} {name}[] = {{\n    {rows}\n}};"

    # Statements.

    def statements(
        self, name: str, parameters: Mapping[str, str], body: list[Lines], out: list[str]
    ) -> list[str]:
        """Return the texts of lines in order, some of them as calls; add the functions called to ``out``.

        These are given the parameters besides the shared numbers; each has a name that begins with ``name``.
        """
        known = _Functions(name, "".join(f", {kind}{p}" for p, kind in parameters.items()))
        given = "".join(f"{p}, " for p in parameters)
        texts: list[str] = []
        for inline, group in groupby(body, lambda one: id(one) in self.inline):
            if inline:
                texts += [one.text() for one in group]
                continue
            words: list[float] = []
            for one in group:
                lines = "\n".join(one.texts if one.listed is None else [one.listed()]).split("\n")
                entries = [word for line in lines for word in self._entry(line, known)]
                loop = (0, one.rounds, len(entries)) if one.rounds > 1 else ()
                words += [*map(_bits, loop), *entries]
            at = self._put(np.array(words))
            texts.append(f"    list_of_{name}(s, {given}(const Word *)s + {at}, {len(words)}, 0);")
        out += known.texts(given)
        return texts

    def _entry(self, line: str, known: _Functions) -> list[float]:
        """Return a line as words: the number of its function, and the numbers in it."""
        numbers: list[float] = []
        variables: list[str] = []

        def taken(m: re.Match[str]) -> str:
            """Note a number, and return the name of its variable."""
            if m["as_it_is"]:
                return m[0]
            k, name = len(numbers), f"n{len(numbers)}"
            if m["table"]:
                numbers.append(_bits(self.place(m[0])))
                whole = self.arrays[m[0]].dtype != np.float64
                kind, cast = ("Word", "(const Word *)") if whole else ("double", "")
                variables.append(f"const {kind} *const {name} = {cast}s + w[{k}];")
            elif m["point"] or m["exponent"]:
                numbers.append(float(m[0]))
                variables.append(f"const double {name} = *(const double *)(w + {k});")
            else:
                numbers.append(_bits(int(m[0])))
                variables.append(f"const long {name} = w[{k}];")
            return name

        body = WORD.sub(taken, line)
        return [_bits(known.code(" ".join(variables), body, len(numbers))), *numbers]


class _Functions:
    """The functions that listed lines run, numbered from 1 on."""

    def __init__(self, name: str, declared: str) -> None:
        self.name, self.declared = name, declared
        self.codes: dict[tuple[str, str], tuple[int, int]] = {}

    def code(self, variables: str, body: str, size: int) -> int:
        """Return the number of a function that reads so many words."""
        return self.codes.setdefault((variables, body), (len(self.codes) + 1, size + 1))[0]

    def texts(self, given: str) -> list[str]:
        """Return the functions, and the one that calls them."""
        if not self.codes:
            return []
        cases = "\n".join(
            f"        case {k}: {self.name}_{k}(s, {given}w + 1, {ROUND}); w += {size}; break;"
            for k, size in self.codes.values()
        )
        return [
            *(
                FUNCTION.format(name=f"{self.name}_{k}", declared=self.declared, round=ROUND,
                                variables=variables, body=body)
                for (variables, body), (k, _) in self.codes.items()
            ),
            RUN.format(name=self.name, declared=self.declared, given=given, round=ROUND, cases=cases),
        ]


def _bits(x: int) -> float:
    """Return the number of eight bytes whose bits are those of a whole number."""
    return float(np.int64(x).view(np.float64))


FUNCTION = """
RARE void {name}(double *restrict s{declared}, const Word *w, long {round}) {{
    (void)s; (void)w; (void){round};
    {variables}
{body}
}}
"""
RUN = """
static void list_of_{name}(double *restrict s{declared}, const Word *w, long size, long {round}) {{
    for (const Word *end = w + size; w < end;) switch (*w) {{
        case 0: FOR(r, w[1]) list_of_{name}(s, {given}w + 3, w[2], r); w += 3 + w[2]; break;
{cases}
    }}
}}
"""
