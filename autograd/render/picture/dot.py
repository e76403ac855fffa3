"""The bridge to the graphviz package.

A drawing that is one of its Digraphs as well. Imported only when drawing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from autograd.errors import MissingDependencyError, optional
from autograd.render.picture import dot_source, engines
from autograd.render.picture.drawing import Drawing
from autograd.words import gettext

__all__ = ["DigraphDrawing"]

_WHAT = gettext("the graphviz package")

if TYPE_CHECKING:
    import graphviz
else:
    graphviz = optional(
        "graphviz", gettext("A drawing as graphviz.Digraph"), "pip install graphviz", what=_WHAT
    )
    if not hasattr(graphviz, "Digraph"):
        why = gettext(
            "{path} is another module of that name, without Digraph",
            path=getattr(graphviz, "__file__", None) or repr(graphviz),
        )
        raise MissingDependencyError(
            _WHAT, gettext("A drawing as graphviz.Digraph"), "pip install graphviz", broken=why
        )


class DigraphDrawing(Drawing, graphviz.Digraph):  # type: ignore[misc]
    """A drawing with graphviz's methods.

    ``source``, ``pipe``, ``render``, ``view``, ``save``, ``node``, ``edge``.

    SVG is drawn by this package and needs no program; other formats go through Graphviz. Statements that are
    added by ``node()`` and ``edge()`` stand in ``source`` and in the formats that Graphviz draws.
    """

    def __init__(self, format: str = "svg") -> None:
        graphviz.Digraph.__init__(self, format=format)

    def __iter__(self, subgraph: bool = False) -> Iterator[str]:
        own = dot_source.body(self.graph, flow=self._options["flow"])
        yield "digraph {\n"
        yield from own
        yield from self.body
        yield "}\n"

    @property
    def source(self) -> str:
        """The picture as a DOT program."""
        return "".join(self)

    def _converted(self, form: str) -> bytes:
        # Nodes that were added have no place yet: then Graphviz lays everything out.
        if self.body:
            return engines.convert(
                self.source, form, timeout=self._options["timeout"], engine=self._options["engine"]
            )
        return super()._converted(form)

    def pipe(self, format: str | None = None, *_: Any, encoding: str | None = None, **__: Any) -> Any:
        """Return the picture's bytes; text where an encoding is given."""
        data = self.data(format or self.format)
        return data.decode(encoding) if encoding else data

    def render(
        self, filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None, view: bool = False,
        cleanup: bool = False, format: str | None = None, *_: Any, **__: Any,
    ) -> str:  # fmt: skip
        """Write the DOT program and the picture beside it, as graphviz does; return the picture's path."""
        form = format or self.format
        name = os.fspath(filename or self.filename)
        if not cleanup:
            self.save(f"{name}" if name.endswith((".gv", ".dot")) else f"{name}.gv", directory)
        path = self.save(f"{name}.{form}", directory)
        if view:
            self._view(path, format=form, quiet=False)
        return path

    # `copy` and the like of the base class would lose what the picture was made of.
    def copy(self) -> DigraphDrawing:
        """Return a copy that can be added to."""
        twin = DigraphDrawing(self.format)
        twin._fill(self.graph, self._root, self._options)
        twin.body = list(self.body)
        return twin
