"""The format of `--help`, for the commands of all packages."""

from __future__ import annotations

import argparse


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Names the default of a flag, unless that says nothing or its help names it.

    Paragraphs of the description and of the last words stay apart, and lines that are indented
    stay as they are.

    Example:
        >>> parser = argparse.ArgumentParser(formatter_class=HelpFormatter, usage="x")
        >>> _ = parser.add_argument("--rules", help="a file")
        >>> _ = parser.add_argument("--seed", default=0, help="a number")
        >>> [" ".join(line.split()) for line in parser.format_help().splitlines()[-2:]]
        ['--rules RULES a file', '--seed SEED a number (default: 0)']
    """

    def _get_help_string(self, action: argparse.Action) -> str:
        says_nothing = action.default in (None, "", [], ()) or action.default is False
        names_it = "default:" in (action.help or "")
        return (action.help or "") if says_nothing or names_it else super()._get_help_string(action)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        parts = text.split("\n\n")
        filled = (part if part[:1] == " " else fill(part, width, indent) for part in parts)
        return "\n\n".join(filled)
