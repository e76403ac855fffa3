"""Parameters as JSON and as files of arrays, and whole trainings as JSON, exact and versioned.

A file is written whole or not at all, and checked before anything is assigned.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograd.keep.files import (
    SIZE,
    decode_float,
    encode_float,
    parse_json,
    read_bytes,
    read_text,
    write_atomically,
)
from autograd.words import gettext
from nn.binary import format_of

if TYPE_CHECKING:
    from nn.modules.module import Module

__all__ = ["FORMAT", "VERSION", "assign_parameters", "load", "read", "save", "write"]

FORMAT = "chainrule-weights"
VERSION = 1


def _some(names: set[str]) -> str:
    """Show a few of the names."""
    shown = sorted(names)[:5]
    more = gettext(" and {count} more", count=len(names) - 5) if len(names) > 5 else ""
    return ", ".join(map(repr, shown)) + more


def assign_parameters(module: Module, state: Mapping[str, Any], *, source: str = "") -> None:
    """Set all parameters of a module from numbers by path; on any error none changes.

    Parameters
    ----------
    module
        The module.
    state
        A number for each of ``module.named_parameters()`` and ``module.named_buffers()``.
    source
        What to call the state in messages, where it has a name.

    Raises
    ------
    ValueError
        If a name is missing or unknown, or something is not a number.
    TypeError
        If the state is no mapping.

    Examples
    --------
    >>> import nn
    >>> neuron = nn.Neuron(1)
    >>> assign_parameters(neuron, {"w0": 0.5, "b": -1.0})
    >>> neuron.state_dict()
    {'w0': 0.5, 'b': -1.0}
    """
    source = source or gettext("the state")
    if not isinstance(state, Mapping):
        raise TypeError(gettext(
            "{source} must be a dict from names to numbers, got {kind}",
            source=source, kind=type(state).__name__,
        ))
    named = dict([*module.named_parameters(), *module.named_buffers()])
    missing, unknown = set(named) - set(state), set(state) - set(named)
    if missing or unknown:
        parts = ([gettext("lacks {missing}", missing=_some(missing))] if missing else []) + (
            [gettext("has unknown {unknown}", unknown=_some(unknown))] if unknown else []
        )
        raise ValueError(
            gettext(
                "{source} does not fit this {kind} of {count} parameters: it {parts}; build the module "
                "with the sizes that it was saved with",
                source=source, kind=type(module).__name__, count=len(named),
                parts=gettext(" and ").join(parts),
            )
        )
    numbers = {}
    for name in named:
        number = state[name]
        if hasattr(number, "item"):
            number = number.item()
        try:
            numbers[name] = decode_float(number)
        except ValueError as error:
            raise ValueError(gettext(
                "{source}, parameter {name}: {error}",
                source=source, name=repr(name), error=error,
            )) from None
    for name, parameter in named.items():
        parameter.data = numbers[name]


def write(path: str | os.PathLike[str], content: dict[str, Any], *, kind: str) -> None:
    """Write a JSON document of this module's format, whole or not at all.

    Parameters
    ----------
    path
        The file, which is replaced in one step; its folder must exist.
    content
        Numbers, strings, lists and dicts. Infinities and NaN are spelt out, since JSON has no number for
        them.
    kind
        Name of the format, which `read` asks for.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(folder + "/notes.json", {"best": 0.1}, kind="notes")
    ...     read(folder + "/notes.json", kind="notes")["best"]
    0.1
    """
    write_atomically(path, encode(content, kind=kind))


def encode(content: dict[str, Any], *, kind: str) -> str:
    """Return the text that `write` writes."""
    document = {"format": kind, "version": VERSION, **content}
    return json.dumps(_encoded(document), allow_nan=False, indent=0) + "\n"


def _encoded(x: Any) -> Any:
    """Spell out what JSON has no number for."""
    if isinstance(x, float):
        return encode_float(x)
    if isinstance(x, dict):
        return {key: _encoded(value) for key, value in x.items()}
    return [_encoded(element) for element in x] if isinstance(x, (list, tuple)) else x


def read(path: str | os.PathLike[str], *, kind: str, limit: int = SIZE) -> dict[str, Any]:
    """Read a JSON document that `write` wrote.

    Parameters
    ----------
    path
        The file.
    kind
        Name of the format that it must have.
    limit
        Bytes of the largest file that is read; 256 MiB by default.

    Returns
    -------
    dict
        The content, with ``format`` and ``version``. Infinities and NaN are still spelt out.

    Raises
    ------
    ValueError
        If it is not JSON, of another format, of a version that this release does not know, or beyond a limit.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile, nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.Neuron(1, init="zeros").save(folder + "/neuron.json")
    ...     read(folder + "/neuron.json", kind=FORMAT)["parameters"]
    {'w0': 0.0, 'b': 0.0}
    """
    text = read_text(path, limit=limit)
    try:
        document = parse_json(text, limit=limit)
        if not isinstance(document, dict) or document.get("format") != kind:
            found = document.get("format") if isinstance(document, dict) else None
            raise ValueError(
                gettext("not a file of {kind} but of {found}", kind=repr(kind), found=repr(found))
                if isinstance(found, str)
                else gettext("not a file of {kind}", kind=repr(kind))
            )
        if document.get("version") != VERSION:
            raise ValueError(
                gettext(
                    "its version is {found}, and this release reads version {version}",
                    found=repr(document.get('version')), version=VERSION,
                )
            )
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from None
    return document


def save(module: Module, path: str | os.PathLike[str]) -> None:
    """Write a module's parameters, whole or not at all.

    Numbers are written so that they are read back to the last bit.

    Parameters
    ----------
    module
        The module.
    path
        The file, which is replaced in one step; its folder must exist. A name that ends in ``.npz`` means a
        file of NumPy's arrays, one in ``.safetensors`` such a file, and any other one JSON.

    Examples
    --------
    >>> import nn, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first, second = nn.Neuron(2), nn.Neuron(2)
    ...     save(first, folder + "/neuron.json")
    ...     load(second, folder + "/neuron.json")
    >>> first.state_dict() == second.state_dict()
    True
    """
    if not callable(getattr(module, "named_parameters", None)):
        raise TypeError(gettext("save takes a module of nn, got {kind}", kind=type(module).__name__))
    form = format_of(path)
    if form is not None:
        write_atomically(path, form[0](module.state_dict()))
        return
    write(path, {"module": type(module).__name__, "parameters": module.state_dict()}, kind=FORMAT)


def load(module: Module, path: str | os.PathLike[str], *, limit: int = SIZE) -> None:
    """Set a module's parameters from a file that `save` wrote; on any error none changes.

    Parameters
    ----------
    module
        The module, of the sizes that it was saved with.
    path
        The file, whose name says what it is, as for `save`.
    limit
        Bytes of the largest file that is read; 256 MiB by default.

    Raises
    ------
    ValueError
        If the file is damaged, of another format or version, beyond the limit, or does not fit the module.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile, nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = folder + "/neuron.json"
    ...     save(nn.Neuron(2, init="zeros"), path)
    ...     neuron = nn.Neuron(2)
    ...     load(neuron, path)
    >>> neuron.state_dict()
    {'w0': 0.0, 'w1': 0.0, 'b': 0.0}
    """
    form = format_of(path)
    if form is not None:
        data = read_bytes(path, limit=limit)
        try:
            numbers = form[1](data, limit)
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)}: {error}") from None
        assign_parameters(module, numbers, source=os.fspath(path))
        return
    parameters = read(path, kind=FORMAT, limit=limit).get("parameters")
    if not isinstance(parameters, dict):
        raise ValueError(gettext(
            "{path}: the entry 'parameters' is missing or not an object",
            path=os.fspath(path),
        ))
    assign_parameters(module, parameters, source=os.fspath(path))
