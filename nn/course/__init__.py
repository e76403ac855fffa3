"""The course's exercises: an answer is checked at once, by what the engine finds, not by a list of answers.

`check_exercise("1.1", 3.0)` says whether the number is right, and of some wrong ones what was thought. The
text of each exercise, with hints in steps, stands in its lesson under ``notebooks``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from autograd.words import gettext
from nn.checks import data_of, is_sequence
from nn.course.exercises import EXERCISES, Choice, Function

__all__ = ["Verdict", "check_exercise"]


class Verdict:
    """What is said of an answer; it is true where the answer is right.

    Attributes
    ----------
    exercise : str
        Its number.
    right : bool
        Whether the answer is right.
    said : str
        One sentence.
    """

    def __init__(self, exercise: str, right: bool, said: str) -> None:
        self.exercise, self.right, self.said = exercise, right, said

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{self.exercise}: {self.said}"


def check_exercise(exercise: str, answer: Any) -> Verdict:
    """Check an answer to an exercise of the course.

    Parameters
    ----------
    exercise
        Its number, such as ``"4.2"``.
    answer
        A number, a list of numbers, a function or a letter, as the exercise asks; ``...`` for none yet.

    Returns
    -------
    Verdict
        A notebook shows its sentence; ``bool()`` of it tells whether the answer is right.

    Raises
    ------
    KeyError
        If there is no such exercise.

    Examples
    --------
    >>> check_exercise("1.1", 10.0)
    1.1: right
    >>> check_exercise("1.1", 4.0)
    1.1: not yet: this is the value of the function, not its slope
    """
    if exercise not in EXERCISES:
        raise KeyError(gettext(
            "there is no exercise {exercise}; they go from 1.1 to {given}",
            exercise=repr(exercise), given=list(EXERCISES)[-1],
        ))  # fmt: skip
    asked = EXERCISES[exercise]
    if answer is ...:
        return Verdict(exercise, False, gettext("put your answer in place of the three dots"))
    if isinstance(asked, Choice):
        given = answer.strip().lower() if isinstance(answer, str) else ""
        if len(given) != 1:
            return Verdict(exercise, False, gettext('the answer is one letter, such as "a"'))
        right = sha256(f"{exercise} {given}".encode()).hexdigest()[:16] == asked.digest
        return _verdict(exercise, right, "")
    if isinstance(asked, Function):
        return _function(exercise, asked, answer)
    if not _is_number(answer):
        return Verdict(exercise, False, gettext("the answer is a number"))
    right = _close(answer, asked.find(), asked.tolerance)
    thought = next((why for wrong, why in asked.mistakes if _close(answer, wrong(), asked.tolerance)), "")
    return _verdict(exercise, right, thought)


def _verdict(exercise: str, right: bool, thought: str) -> Verdict:
    if right:
        return Verdict(exercise, True, gettext("right"))
    said = gettext("not yet: {why}", why=gettext(thought)) if thought else gettext("not yet; try a hint")
    return Verdict(exercise, False, said)


def _function(exercise: str, asked: Function, answer: Any) -> Verdict:
    """Compare a function with the engine's at a few points, and name the first where they differ."""
    if not callable(answer):
        return Verdict(exercise, False, gettext("the answer is a function"))
    for point in asked.points:
        try:
            given = answer(*point)
        except Exception as error:  # noqa: BLE001  what a reader's function raises is told to the reader
            told = f"{type(error).__name__}: {error}"
            return Verdict(
                exercise, False, gettext("at {point} it raises {error}", point=_shown(point), error=told)
            )
        if not _close(given, asked.find(*point), 1e-6):
            said = gettext(
                "not yet: at {point} it gives {value}", point=_shown(point), value=f"{given!r:.60}"
            )
            return Verdict(exercise, False, said)
    return Verdict(exercise, True, gettext("right"))


def _shown(point: Sequence[Any]) -> str:
    return ", ".join(getattr(value, "__name__", "f") if callable(value) else f"{value!r}" for value in point)


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, (str, bool)) and math.isfinite(float(data_of(value)))
    except (TypeError, ValueError):
        return False


def _close(given: Any, wanted: Any, tolerance: float) -> bool:
    """Compare numbers, or lists of them one by one."""
    if is_sequence(wanted):
        return (
            is_sequence(given)
            and len(given) == len(wanted)
            and all(_close(a, b, tolerance) for a, b in zip(given, wanted, strict=True))
        )
    if not _is_number(given):
        return False
    a, b = float(data_of(given)), float(data_of(wanted))
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
