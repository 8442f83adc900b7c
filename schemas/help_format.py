"""The format of `--help`, for the commands of all packages."""

from __future__ import annotations

import argparse


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Names the default of a flag, unless that says nothing or its help names it.

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
