"""What each command of the command line says when asked for help."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
from unittest import mock

import autograd.cli
import nn.cli


def helps() -> str:
    """Return one section for each command, with its help as printed."""
    out = []
    for module, summary in {**nn.cli.COMMANDS, **autograd.cli.COMMANDS}.items():
        name = module.rpartition(".")[2]
        out += [
            f"## chainrule {name}",
            f"{summary[0].upper()}{summary[1:]}.",
            "```text",
            _help(name),
            "```",
            "",
        ]
    return "\n\n".join(out)


def _help(name: str) -> str:
    printed = io.StringIO()
    # The width of help is that of the terminal, colours are its too, the language is the reader's: none may
    # reach the page.
    environment = {"COLUMNS": "80", "NO_COLOR": "1", "CHAINRULE_LANG": "en"}
    with (
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        nn.cli.main([name, "--help"])
    if not printed.getvalue():
        raise argparse.ArgumentError(None, f"chainrule {name} --help printed nothing")
    return printed.getvalue().strip()
