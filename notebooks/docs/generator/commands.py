"""What each command of the command line says when asked for help."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
from unittest import mock

import autograd.cli
import nn.cli
from autograd import words


def helps(lang: str = "en") -> str:
    """Return one section for each command, with its help as printed, in a language."""
    with words.language(lang):
        return _sections(lang)


def _sections(lang: str) -> str:
    out = []
    for module, summary in {**nn.cli.COMMANDS, **autograd.cli.COMMANDS}.items():
        name, said = module.rpartition(".")[2], words.gettext(summary)
        out += [
            f"## chainrule {name}",
            words.gettext("{sentence}.", sentence=f"{said[0].upper()}{said[1:]}"),
            "```text",
            _help(name, lang),
            "```",
            "",
        ]
    return "\n\n".join(out)


def _help(name: str, lang: str) -> str:
    printed = io.StringIO()
    # The width of help is that of the terminal, colours are its too, the language is the reader's: none may
    # reach the page.
    environment = {"COLUMNS": "80", "NO_COLOR": "1", "CHAINRULE_LANG": lang}
    with (
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        nn.cli.main([name, "--help"])
    if not printed.getvalue():
        raise argparse.ArgumentError(None, f"chainrule {name} --help printed nothing")
    return printed.getvalue().strip()
