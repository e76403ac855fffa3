"""``chainrule completion``: print what makes a shell complete commands, options and their choices."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Final

from autograd.words import gettext

__all__ = ["configure", "run", "words"]

# What a shell is told: NAME's words, by the words typed before the last one.
_BASH: Final = """\
_chainrule() {{
    local words
    case "${{COMP_WORDS[1]-}}" in
{cases}
        *) words="{commands}" ;;
    esac
    [ "$COMP_CWORD" -gt 1 ] || words="{commands}"
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _chainrule chainrule"""
_ZSH: Final = "autoload -U +X bashcompinit && bashcompinit\n" + _BASH
_SHELLS: Final = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/config.fish"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the shell."""
    parser.add_argument("shell", choices=list(_SHELLS), help="the shell that is to learn it")
    lines = (f"chainrule completion {shell} >> {file}" for shell, file in _SHELLS.items())
    parser.epilog = gettext("For good: {lines}", lines="; ".join(lines))


def run(args: argparse.Namespace) -> int:
    """Print the shell's program."""
    print(script(args.shell, args.words))
    return 0


def words(parsers: Mapping[str, argparse.ArgumentParser]) -> dict[str, list[str]]:
    """Return for each command its options, and the choices of its arguments.

    Examples
    --------
    >>> parser = argparse.ArgumentParser(add_help=False)
    >>> _ = parser.add_argument("--to", choices=["svg", "png"])
    >>> words({"draw": parser})
    {'draw': ['--to', 'svg', 'png']}
    """
    return {
        name: [
            word
            for action in parser._actions
            if action.help != argparse.SUPPRESS
            for word in (*action.option_strings, *map(str, action.choices or ()))
        ]
        for name, parser in parsers.items()
    }


def script(shell: str, words: Mapping[str, list[str]]) -> str:
    """Return a shell's program for the words of each command.

    Examples
    --------
    >>> print(script("fish", {"draw": ["--to", "svg"]}))
    complete -c chainrule -n __fish_use_subcommand -f -a 'draw'
    complete -c chainrule -n '__fish_seen_subcommand_from draw' -a '--to svg'
    """
    commands = " ".join(words)
    if shell == "fish":
        return "\n".join([
            f"complete -c chainrule -n __fish_use_subcommand -f -a '{commands}'",
            *(
                f"complete -c chainrule -n '__fish_seen_subcommand_from {name}' -a '{' '.join(of)}'"
                for name, of in words.items()
            ),
        ])
    cases = "\n".join(f'        {name}) words="{" ".join(of)}" ;;' for name, of in words.items())
    return (_ZSH if shell == "zsh" else _BASH).format(cases=cases, commands=commands)
