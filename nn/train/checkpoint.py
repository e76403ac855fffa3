"""Everything that the rest of a training depends on, as JSON, so that it can go on bit for bit."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd.keep.files import decode_float
from autograd.words import gettext
from nn import state
from nn.callbacks import EarlyStopping, Training
from nn.checks import whole
from nn.modules.module import Module

__all__ = ["UnderWay", "check_writable", "load_checkpoint", "made_of", "save_checkpoint"]

FORMAT = "chainrule-checkpoint"


@dataclass
class UnderWay:
    """An epoch that has begun.

    Attributes
    ----------
    order
        The state of fit's generator before the order of the samples was drawn.
    batches, samples
        How many are done.
    total
        The sum of the losses so far.
    """

    order: Any = None
    batches: int = 0
    samples: int = 0
    total: float = 0.0


def _generators(model: Module, rng: Any) -> list[Any]:
    """Return fit's own generator, and those of the modules that draw, such as Dropout, each once."""
    found = [rng]
    for module in model.modules():
        own = getattr(module, "rng", None)
        if hasattr(own, "getstate") and not any(own is g for g in found):
            found.append(own)
    return found


def _stateful(parts: Sequence[Any]) -> list[Any]:
    return [part for part in parts if hasattr(part, "state_dict") and hasattr(part, "load_state_dict")]


def made_of(data: str, model: Module, **options: Any) -> dict[str, Any]:
    """Return what a training is made of and a checkpoint does not set.

    By it, the training to go on with is told from another.
    """
    return {
        "samples and targets": data,
        "model": repr(model),
        **options,
    }


def save_checkpoint(
    path: str | os.PathLike[str], training: Training, rng: Any, others: Sequence[Any], made: dict[str, Any],
    under_way: UnderWay | None = None,
) -> None:  # fmt: skip
    """Write the parameters, the optimizer, the generators, the history, the ``others`` and the parts.

    The others are callbacks and a scheduler.
    """
    content = {**_content(training, rng, others), "made of": made}
    if under_way is not None:
        begun = {**vars(under_way), "order": list(_plain(under_way.order))}
        content["epoch under way"] = begun
    state.write(path, content, kind=FORMAT)


def check_writable(training: Training, rng: Any, others: Sequence[Any]) -> None:
    """Find out, before a training begins, whether all that belongs to it can be written."""
    try:
        state.encode(_content(training, rng, others), kind=FORMAT)
    except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
        raise TypeError(
            gettext(
                "this training cannot be kept in a checkpoint: {error}; generators must be "
                "random.Random, and states made of numbers, texts, lists and dicts",
                error=error,
            )
        ) from error


def _content(training: Training, rng: Any, others: Sequence[Any]) -> dict[str, Any]:
    return {
        "parameters": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "generators": [list(_plain(g.getstate())) for g in _generators(training.model, rng)],
        "history": training.history.state_dict(),
        "others": [{"kind": type(part).__name__, "state": part.state_dict()} for part in _stateful(others)],
    }


def _plain(x: Any) -> Any:
    return [_plain(element) for element in x] if isinstance(x, tuple) else x


def load_checkpoint(
    path: str | os.PathLike[str], training: Training, rng: Any, others: Sequence[Any], made: dict[str, Any]
) -> UnderWay | None:
    """Take over what `save_checkpoint` wrote; on any error the training is as it was.

    Return the epoch that had begun; None where one had ended.

    Raises
    ------
    ValueError
        If the file is damaged, or belongs to another model, optimizer, or set of callbacks, or to a training
        on other data.
    """
    document = state.read(path, kind=FORMAT)
    name = os.fspath(path)
    generators, parts = _generators(training.model, rng), _stateful(others)
    before = (
        training.model.state_dict(), training.optimizer.state_dict(), training.history.state_dict(),
        [g.getstate() for g in generators], [part.state_dict() for part in parts],
    )  # fmt: skip
    try:
        _take_over(document, training, generators, parts)
        _compare(document.get("made of", {}), made)
        return _begun(document.get("epoch under way"))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        # Each part checks before it assigns; the parts that came before the bad one go back.
        training.model.load_state_dict(before[0])
        training.optimizer.load_state_dict(before[1])
        training.history.load_state_dict(before[2])
        for g, old in zip(generators, before[3], strict=True):
            g.setstate(old)
        for part, old_state in zip(parts, before[4], strict=True):
            part.load_state_dict(old_state)
        what = str(error)
        if isinstance(error, KeyError):
            what = gettext("the entry {name} is missing", name=error)
        raise ValueError(gettext("{name} cannot be resumed from: {what}", name=name, what=what)) from error


def _begun(saved: Any) -> UnderWay | None:
    """Return the epoch that had begun, checked."""
    if saved is None:
        return None
    done, samples = (whole(name, saved[name], least=1) for name in ("batches", "samples"))
    return UnderWay(_generator_state(saved["order"]), done, samples, decode_float(saved["total"]))


def _generator_state(saved: Any) -> Any:
    """Return the state of a generator, checked."""
    version, numbers, gauss = saved
    fresh = (version, tuple(numbers), None if gauss is None else decode_float(gauss))
    random.Random().setstate(fresh)
    return fresh


def _take_over(document: dict[str, Any], training: Training, generators: list[Any], parts: list[Any]) -> None:
    """Assign part by part."""
    document = {key: _decoded(value) for key, value in document.items()}
    saved = document["others"]
    if [entry["kind"] for entry in saved] != [type(part).__name__ for part in parts]:
        kinds = ", ".join(str(entry["kind"]) for entry in saved) or "none"
        raise ValueError(gettext(
            "it was written with other callbacks or schedulers ({kinds}); pass the same",
            kinds=kinds,
        ))
    if len(document["generators"]) != len(generators):
        raise ValueError(
            gettext(
                "it has {then} generators, and this training {now}",
                then=len(document["generators"]), now=len(generators),
            )
        )
    training.model.load_state_dict(document["parameters"])
    training.optimizer.load_state_dict(document["optimizer"])
    training.history.load_state_dict(document["history"])
    for g, saved_state in zip(generators, document["generators"], strict=True):
        g.setstate(_generator_state(saved_state))
    for part, entry in zip(parts, saved, strict=True):
        part.load_state_dict(entry["state"])
        # They are assigned at the training's end only, when it would be too late to find them unfit.
        if (
            isinstance(part, EarlyStopping)
            and part.best_parameters
            and set(part.best_parameters) != set(training.model.state_dict())
        ):
            raise ValueError(gettext(
                "the best parameters of its EarlyStopping are not those of this model",
            ))


def _compare(saved: Any, made: dict[str, Any]) -> None:
    """Refuse a training that is made of something else than the saved one."""
    if not isinstance(saved, dict):
        raise ValueError(gettext("the entry 'made of' is not an object"))
    for name, now in made.items():
        then = saved.get(name, now)
        if then != now:
            if name == "samples and targets":
                raise ValueError(gettext("it was trained on other samples or targets"))
            raise ValueError(gettext(
                "it was trained with another {name}: {then} then, {now} now",
                name=gettext(name), then=_short(then), now=_short(now),
            ))


def _short(x: Any) -> str:
    """Show something in a few words."""
    text = str(x)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _decoded(x: Any) -> Any:
    """Turn the spelt-out special numbers back into floats."""
    if isinstance(x, str) and x in ("nan", "inf", "-inf"):
        return decode_float(x)
    if isinstance(x, dict):
        return {key: _decoded(value) for key, value in x.items()}
    return [_decoded(element) for element in x] if isinstance(x, list) else x
