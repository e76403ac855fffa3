"""Numbers by name as files of arrays: NumPy's ``.npz``, and ``.safetensors``, which needs no library.

Each number is an array of doubles without axes, so that other programs find it under the name that it has
here.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

from autograd.keep.files import parse_json
from autograd.words import gettext, marked
from nn.arrays import numpy_for

__all__ = ["format_of"]

Form = tuple[Callable[[Mapping[str, float]], bytes], Callable[[bytes, int], dict[str, float]]]
"""What writes the bytes of a file, and what reads them, given the most bytes that they may hold."""
_DAMAGED = (EOFError, OSError, NotImplementedError, RuntimeError, SyntaxError, struct.error)
_METADATA = "__metadata__"
_KINDS = {"F64": "d", "F32": "f", "F16": "e"}
"""The kinds of numbers that are read from a file of safetensors."""


def format_of(path: Any) -> Form | None:
    """Return how such a file is written and read; None for JSON, which every other name means."""
    return _FORMATS.get(PurePath(path).suffix.lower())


def _to_npz(numbers: Mapping[str, float]) -> bytes:
    np = numpy_for(gettext("writing weights as .npz"))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, number in numbers.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.array(number, float), allow_pickle=False)
            # The first day that the format knows, so that equal weights are equal files.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), entry.getvalue())
    return file.getvalue()


_OF_PYTHON = (
    marked("File is not a zip file"), marked("Truncated file header"),
    marked("Bad magic number for file header"),
    marked("Bad magic number for central directory"), marked("Bad offset for central directory"),
)  # fmt: skip
"""What Python's reader of archives says."""


def _from_npz(data: bytes, limit: int) -> dict[str, float]:
    np = numpy_for(gettext("reading weights from .npz"))
    numbers = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > limit:
                raise ValueError(gettext("it unpacks to more than {limit} bytes", limit=limit))
            for name in archive.namelist():
                numbers[name.removesuffix(".npy")] = _from_npy(np, name, io.BytesIO(archive.read(name)))
    except (*_DAMAGED, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(gettext(
            "it is no file of NumPy's arrays, or damaged: {error}",
            error=gettext(str(error)),
        )) from None  # fmt: skip
    return numbers


def _from_npy(np: Any, name: str, entry: io.BytesIO) -> float:
    """Return the only number of an array; its size is looked at before there is room for it."""
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(entry)
    if version not in header:
        raise ValueError(gettext(
            "{name} is of version {version}, and 1.0 and 2.0 are read",
            name=repr(name), version=version,
        ))  # fmt: skip
    shape, _, kind = header[version](entry)
    if kind.kind not in "fiu":
        raise ValueError(gettext(
            "{name} holds {kind}, and a parameter is a real number",
            name=repr(name), kind=kind,
        ))  # fmt: skip
    _check_single(name, shape)
    return float(np.frombuffer(entry.read(), kind, count=1)[0])


def _check_single(name: str, shape: Any) -> None:
    if any(n != 1 for n in shape):
        raise ValueError(gettext(
            "{name} has the shape {shape}, and a parameter is one number",
            name=repr(name), shape=tuple(shape),
        ))  # fmt: skip


def _to_safetensors(numbers: Mapping[str, float]) -> bytes:
    if _METADATA in numbers:
        raise ValueError(gettext(
            "a parameter may not be called {name} in a file of safetensors",
            name=_METADATA,
        ))  # fmt: skip
    header: dict[str, Any] = {
        name: {"dtype": "F64", "shape": [], "data_offsets": [8 * i, 8 * i + 8]}
        for i, name in enumerate(numbers)
    }
    text = json.dumps({_METADATA: {"producer": "chainrule"}, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers lie where doubles may
    return struct.pack("<Q", len(text)) + text + struct.pack(f"<{len(numbers)}d", *numbers.values())


def _from_safetensors(data: bytes, limit: int) -> dict[str, float]:
    size: int = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else len(data)
    if size > len(data) - 8:
        raise ValueError(gettext("it is no file of safetensors, or its end is missing"))
    try:
        header = parse_json(data[8 : 8 + size].decode(), limit=limit)
    except UnicodeDecodeError as error:
        raise ValueError(gettext("it is no file of safetensors: {error}", error=error)) from None
    if not isinstance(header, dict):
        raise ValueError(gettext("it is no file of safetensors: its header is no object"))
    numbers = {}
    body = data[8 + size :]
    for name, told in header.items():
        if name == _METADATA:
            continue
        match told:
            case {"dtype": str(kind), "shape": [*shape], "data_offsets": [int(start), int(end)]} if (
                kind in _KINDS and 0 <= start <= end <= len(body)
            ):
                _check_single(name, shape)
                if end - start != struct.calcsize(_KINDS[kind]):
                    raise ValueError(gettext(
                        "{name} has {count} bytes, which is no {kind}",
                        name=repr(name), count=end - start, kind=kind,
                    ))  # fmt: skip
                numbers[name] = float(struct.unpack(f"<{_KINDS[kind]}", body[start:end])[0])
            case _:
                raise ValueError(gettext(
                    "the entry {name} is damaged, or no array of {kinds}",
                    name=repr(name), kinds=", ".join(_KINDS),
                ))  # fmt: skip
    return numbers


_FORMATS: Final[Mapping[str, Form]] = MappingProxyType(
    {".npz": (_to_npz, _from_npz), ".safetensors": (_to_safetensors, _from_safetensors)}
)
