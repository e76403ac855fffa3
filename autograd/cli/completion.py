"""``chainrule completion``: print what makes a shell complete commands, options and their choices."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Final

from autograd.words import gettext

__all__ = ["configure", "run", "words"]

# Before the last word there may be a command and, right before it, an option that takes one of few words.
_BASH: Final = """\
_chainrule() {{
    local words first="${{COMP_WORDS[1]-}}"
    [ "$COMP_CWORD" -gt 1 ] || first=""
    case "$first ${{COMP_WORDS[COMP_CWORD-1]-}}" in
{cases}
        *) words="" ;;
    esac
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


def words(parsers: Mapping[str, argparse.ArgumentParser]) -> dict[str, dict[str, list[str]]]:
    """Return for each command what may follow it, and what may follow its options that take one of few words.

    Examples
    --------
    >>> parser = argparse.ArgumentParser(add_help=False)
    >>> _ = parser.add_argument("--to", choices=["svg", "png"])
    >>> words({"draw": parser})["draw"]
    {'': ['--to'], '--to': ['svg', 'png']}
    """
    first = [*parsers, "help", "-h", "--help", "-V", "--version", "--lang"]
    return {"": {"": first}, "help": {"": list(parsers)}} | {
        name: _following([action for action in parser._actions if action.help != argparse.SUPPRESS])
        for name, parser in parsers.items()
    }


def _following(actions: Sequence[argparse.Action]) -> dict[str, list[str]]:
    """Return a command's options and its arguments' choices, and each option's choices under its name."""
    following: dict[str, list[str]] = {"": []}
    for action in actions:
        choices = [*map(str, action.choices or ())]
        following[""] += action.option_strings or choices
        following |= {option: choices for option in action.option_strings if choices}
    return following


def script(shell: str, words: Mapping[str, Mapping[str, list[str]]]) -> str:
    """Return a shell's program for the words of each command.

    Examples
    --------
    >>> print(script("fish", {"": {"": ["draw"]}, "draw": {"": ["--to"], "--to": ["svg", "png"]}}))
    complete -c chainrule -n __fish_is_first_token -f -a 'draw'
    complete -c chainrule -n '__fish_seen_subcommand_from draw' -a '--to'
    complete -c chainrule -n '__fish_seen_subcommand_from draw' -l to -x -a 'svg png'
    """
    if shell == "fish":
        return "\n".join(
            f"complete -c chainrule -n {_fish(name, option)} -a '{' '.join(choices)}'"
            for name, following in words.items()
            for option, choices in following.items()
        )
    cases = "\n".join(
        f'        "{name} {option}"{"" if option else "*"}) words="{" ".join(choices)}" ;;'
        for name, following in words.items()
        for option, choices in sorted(following.items(), reverse=True)  # what is told of no option comes last
    )
    return (_ZSH if shell == "zsh" else _BASH).format(cases=cases)


def _fish(name: str, option: str) -> str:
    """Return fish's condition for the words after a command, or the option of its that takes them."""
    if not name:
        return "__fish_is_first_token -f"
    of = f"'__fish_seen_subcommand_from {name}'"
    if not option:
        return of
    return f"{of} {'-l' if option.startswith('--') else '-s'} {option.lstrip('-')} -x"
