"""Parameters that a docstring explains together: each is shown with its own type and default."""

from __future__ import annotations

from typing import Any

import griffe


class OwnTypes(griffe.Extension):
    """Gives each of ``a, b`` in a docstring its own annotation; Griffe gives all of them the first one's."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Correct a function or method."""
        _correct(func.docstring, func.parameters)

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Correct a class, whose docstring explains the parameters of its ``__init__``."""
        _correct(cls.docstring, cls.parameters)


def _correct(docstring: griffe.Docstring | None, parameters: griffe.Parameters) -> None:
    for section in docstring.parsed if docstring else ():
        if section.kind is griffe.DocstringSectionKind.parameters:
            for shown in section.value:
                if shown.name in parameters:
                    shown.annotation = parameters[shown.name].annotation
                    shown.value = str(parameters[shown.name].default or "") or None
