"""Compiles autograd/native while the package is installed; the package is pure Python where that fails.

Says in the metadata, too, where the sources are.
"""

from __future__ import annotations

import bz2
import gzip
import os
import re
import subprocess
import sys
import sysconfig
from email import message_from_bytes
from email.utils import parseaddr
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

__all__ = ["AddressHook", "EngineHook"]

_NAME = "autograd.native._engine"
# Catalogues, pages, and headers of programs in C; see also what pyproject.toml excludes.
_PACKED = ("locale/*.po", "assets/*.*", "runtime.h", "arithmetic.h")
# What a compiler may compute itself, or by rules of its own, where the engine means the C library's function.
_OF_LIBM = (
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh erf erfc exp exp2 expm1 fmod log log10 log1p log2 "
    "pow sin sinh tan tanh"
)
# Without a fused multiply-add, which rounds once where Python rounds twice; and without what differs from one
# folder to another, so that the same source gives the same wheel: notes for debuggers, names of folders.
_FLAGS = [] if os.name == "nt" else [
    "-O2", "-ffp-contract=off", "-fvisibility=hidden", "-g0", "-Wno-unused",
    "-fno-asynchronous-unwind-tables",  # which are for debuggers, too
    "-fno-align-functions", "-fno-align-jumps",  # 12 kB, and as fast; loops are faster where they are aligned
    "-fno-math-errno", "-fno-tree-ch", "--param=max-inline-insns-single=50",  # 30 kB; 2 % slower, hypot 8 %
    "--param=max-inline-insns-auto=5",  # 28 kB; elliptic integrals 14 %, Airy functions 24 % slower
    *[f"-fno-builtin-{name}" for name in _OF_LIBM.split()],
]  # fmt: skip
_LIBRARIES = [] if os.name == "nt" else ["m"]
# Without the names of what is not exported, and without pages of nothing between code, tables and data.
_LINKED = ["-Wl,-s", "-Wl,-z,noseparate-code", "-Wl,-z,norelro"] if sys.platform == "linux" else []


class AddressHook(MetadataHookInterface):
    """What hatchling asks for the metadata that depends on where the sources are.

    A release is built by the workflow of a code host, whose environment names the sources' address, and the
    authors' where its settings have one as ``CHAINRULE_CONTACT``. A source distribution remembers both.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Add authors and addresses, and lead the README's links, which say ``SOURCES``, to them."""
        address, contact = self._addresses()
        author = {"name": "The chainrule developers"}
        metadata["authors"] = [author | {"email": contact} if contact else author]
        text = metadata["readme"]["text"]
        if address:
            metadata["urls"] = {
                "Source": address, "Issues": f"{address}/issues",
                "Changelog": f"{address}/blob/HEAD/notebooks/docs/pages/changelog.md",
                "Security": f"{address}/security/advisories",
            }  # fmt: skip
            text = re.sub(r"!\[([^\]]*)\]\(SOURCES/", rf"![\1]({address}/raw/HEAD/", text)
            text = text.replace("](SOURCES/", f"]({address}/blob/HEAD/")
        else:  # a link that leads nowhere is its text, and a picture its description
            text = re.sub(r"!\[([^\]]*)\]\(SOURCES/[^)]*\)", r"*\1*", text)
            text = re.sub(r"\[([^\]]*)\]\(SOURCES/[^)]*\)", r"\1", text)
        metadata["readme"]["text"] = text

    def _addresses(self) -> tuple[str, str]:
        """Return the sources' address and the authors', each empty where there is none."""
        packed = Path(self.root, "PKG-INFO")
        if packed.exists():
            told = message_from_bytes(packed.read_bytes())
            urls = dict(url.split(", ", maxsplit=1) for url in told.get_all("Project-URL", ()))
            return urls.get("Source", ""), parseaddr(told.get("Author-email", ""))[1]
        host, name = map(os.environ.get, ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY"))
        return f"{host}/{name}" if host and name else "", os.environ.get("CHAINRULE_CONTACT", "")


class EngineHook(BuildHookInterface[Any]):
    """What hatchling calls before it packs a wheel, or points an editable installation to the source tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the extension, into the wheel or the source tree; pack what wheels have so.

        The wheel is then one for this kind of machine only.
        """
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        self._folder = TemporaryDirectory()  # gone with this hook, when the wheel has been packed
        if version != "editable":
            build_data["force_include"] |= packed(root, Path(self._folder.name))
        if os.environ.get("CHAINRULE_PURE_PYTHON") or sys.implementation.name != "cpython":
            return
        if sysconfig.get_config_var("Py_GIL_DISABLED"):
            self.app.display_warning(
                "the engine stays pure Python: its C relies on the interpreter's lock, which a free-threaded "
                "Python is without"
            )
            return
        path = compiled(root, root if version == "editable" else Path(self._folder.name))
        if path is None:
            self.app.display_warning(
                "autograd/native could not be compiled, as said above: the engine stays pure Python"
            )
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        if version != "editable":
            build_data["force_include"][str(path)] = f"autograd/native/{path.name}"


def packed(root: Path, folder: Path) -> dict[str, str]:
    """Compress what is not Python in the source tree ``root`` into ``folder``, to a third of its size."""
    places = {}
    found = [root.glob(f"{top}/**/{pattern}") for top in ("autograd", "nn") for pattern in _PACKED]
    for path in sorted(chain.from_iterable(found)):
        folder_of = path.parent.parent if path.parent.name in {"locale", "assets"} else path.parent
        kind = "bz2" if path.suffix == ".po" else "gz"  # a quarter less of much text
        place = f"{(folder_of / path.name).relative_to(root).as_posix()}.{kind}"
        small = folder / place.replace("/", "-")
        text = re.sub(rb"(?m)^#:.*\n", b"", path.read_bytes())  # where a message is from
        small.write_bytes(bz2.compress(text) if kind == "bz2" else gzip.compress(text, mtime=0))
        places[str(small)] = place
    return places


def compiled(root: Path, target: Path) -> Path | None:
    """Compile the extension of the source tree ``root`` into the tree ``target``.

    Return where it is, or None where that failed.
    """
    folder = root / "autograd" / "native"
    sources, headers = (sorted(map(str, folder.glob(pattern))) for pattern in ("*.c", "*.h"))
    with TemporaryDirectory() as objects:
        rows = Path(objects, "rows.c")
        made = subprocess.run(
            [sys.executable, "-I", str(folder / "generate.py"), str(root), str(rows)], check=False
        )  # in a process of its own, which imports the tree that is built
        if made.returncode:
            return None
        extension = Extension(
            _NAME, [*sources, str(rows)], depends=headers, include_dirs=[str(folder)],
            extra_compile_args=_FLAGS, extra_link_args=_LINKED, libraries=_LIBRARIES, optional=True,
        )  # fmt: skip
        command = build_ext(Distribution({"name": "chainrule", "ext_modules": [extension]}))
        command.build_lib = str(target)
        command.build_temp = objects
        command.ensure_finalized()
        path = Path(command.get_ext_fullpath(_NAME))
        try:
            path.unlink(missing_ok=True)
            command.run()
        except OSError as error:  # a source tree that cannot be written to
            print(error, file=sys.stderr)
            return None
    return path if path.exists() else None
