"""The child process in which another library runs: JSON in by lines, JSON out by lines, and nothing of ours.

It is started by its path, so that a library that shares our import name can be had, and so that one that
hangs or crashes takes nobody along.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

__all__ = ["Namespace", "main"]

NAMES = "xyz"
PADDED = 384
"""Arrays have this length, that a library which compiles by shapes compiles once."""

KEPT = 64
"""So many derivatives are kept, that what was compiled need not be again."""


class Namespace:
    """An adapter's words, executed: what computes derivatives of its functions.

    Parameters
    ----------
    adapter
        The fields of an `Adapter`, by name.
    """

    def __init__(self, adapter: dict[str, Any]) -> None:
        self.adapter = adapter
        self.made: dict[str, Callable[..., Any]] = {}
        self.names: dict[str, Any] = {"inf": float("inf"), "nan": float("nan")}
        exec(adapter["setup"], self.names)  # noqa: S102 - the text is the adapter's
        self.version = str(eval(adapter["version"], self.names))  # noqa: S307
        for text in (*adapter["derivative"].values(), adapter["jit"]):
            if text:
                self._eval(text)

    def function(self, text: str, operands: int) -> Callable[..., Any]:
        """Return the function that an expression in x, y and z is."""
        f: Callable[..., Any] = self._eval(f"lambda {', '.join(NAMES[:operands])}: {text}")
        return f

    def program(self, steps: Sequence[str], operands: int) -> Callable[..., Any]:
        """Return the function whose steps are such expressions, v3 being the third that was computed."""
        arguments = ", ".join(f"v{i}" for i in range(operands))
        lines = [f"    v{operands + i} = {step}" for i, step in enumerate(steps)]
        last = f"v{operands + len(steps) - 1}"
        names = dict(self.names)
        exec("\n".join([f"def program({arguments}):", *lines, f"    return {last}"]), names)  # noqa: S102
        program: Callable[..., Any] = names["program"]
        return program

    def derivative(self, f: Callable[..., Any], path: Sequence[int], mode: str) -> Callable[..., Any]:
        """Return the function's derivative by its operands of those places, one after the other."""
        operator = self._eval(self.adapter["derivative"][mode])
        for i in path:
            f = operator(f, i)
        return f

    def array(self, values: Any, dtype: str) -> Any:
        """Return the library's array of those numbers, or its scalar."""
        return self._eval(self.adapter["array"])(values, dtype)

    def numbers(self, result: Any) -> Any:
        """Return a library's array or scalar as a list or a float."""
        return self._eval(self.adapter["numbers"])(result)

    def _made(self, task: dict[str, Any], operands: int) -> Callable[..., list[Any]]:
        """Return a task's derivatives as one function.

        It is the same as before if it was asked for lately, since it may be compiled.
        """
        steps = task.get("steps")
        key = json.dumps([steps or task["function"], task["wanted"], task["jit"], operands])
        if key not in self.made:
            if len(self.made) >= KEPT:
                self.made.clear()
            f = self.program(steps, operands) if steps else self.function(task["function"], operands)
            wanted = [self.derivative(f, path, mode) for path, mode in task["wanted"]]
            self.made[key] = self._together(wanted, task["jit"])
        return self.made[key]

    def _together(self, functions: list[Callable[..., Any]], jit: bool) -> Callable[..., list[Any]]:
        """Return the functions as one, which is compiled at once: they share what they have in common."""
        compiled = self._eval(self.adapter["jit"]) if jit else lambda f: f
        if len(functions) == 1:
            g = compiled(functions[0])
            return lambda *operands: [g(*operands)]
        every: Callable[..., list[Any]] = compiled(lambda *operands: [f(*operands) for f in functions])
        return every

    def _eval(self, text: str) -> Any:
        return eval(text, self.names)  # noqa: S307 - the text is the adapter's

    def run(self, task: dict[str, Any]) -> list[list[float]]:
        """Return each derivative that a task wants, at its points; of some only one, where it says which."""
        columns, dtype = task["columns"], task["dtype"]
        every = self._made(task, len(columns))
        count = len(columns[0])
        only = task.get("only")
        shown = slice(None) if only is None else slice(only, only + 1)
        results: list[list[float]] = [[] for _ in task["wanted"][shown]]
        if task["shape"] == "scalar":
            for point in zip(*columns, strict=True):
                found = every(*[self.array(x, dtype) for x in point])
                for result, d in zip(results, found[shown], strict=True):
                    result.append(_float(self.numbers(d)))
            return results
        length = -(-count // PADDED) * PADDED
        padded = [[*column, *[column[0]] * (length - count)] for column in columns]
        for start in range(0, length, PADDED):
            found = every(*[self.array(column[start : start + PADDED], dtype) for column in padded])
            for result, d in zip(results, found[shown], strict=True):
                numbers = self.numbers(d)
                if not isinstance(numbers, list) or len(numbers) != PADDED:
                    if not isinstance(numbers, list):
                        raise ShapeError("of arrays of {size} numbers it makes a single number", size=PADDED)
                    raise ShapeError(
                        "of arrays of {size} numbers it makes {count} numbers",
                        size=PADDED, count=len(numbers),
                    )  # fmt: skip
                result.extend(map(_float, numbers))
        return [result[:count] for result in results]


class ShapeError(ValueError):
    """A result has another shape than the operands: a message of our catalogues, and its values."""

    def __init__(self, message: str, **values: int) -> None:
        super().__init__(message)
        self.values = values


def _float(x: Any) -> float:
    if isinstance(x, (list, tuple)):
        raise ShapeError("of single numbers it makes a list of {count}", count=len(x))
    return float(x)


def main(given: TextIO, put: TextIO) -> None:
    """Answer the tasks of a stream until it ends."""
    space: Namespace | None = None
    for line in given:
        task = json.loads(line)
        try:
            if "adapter" in task:
                sys.path[:0] = task["path"]
                space = Namespace(task["adapter"])
                answer: dict[str, Any] = {"version": space.version}
            else:
                assert space is not None
                answer = {"values": space.run(task)}
        except Exception as error:  # noqa: BLE001 - whatever the library raises is told
            said = " ".join(str(error).split())
            answer = {
                "error": type(error).__name__,
                "message": said[:400],
                "values": getattr(error, "values", {}) if isinstance(error, ShapeError) else {},
                "absent": isinstance(error, ImportError),
            }
        put.write(json.dumps(answer) + "\n")
        put.flush()


if __name__ == "__main__":
    # What a library prints goes to standard error, and not between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    main(sys.stdin, answers)
