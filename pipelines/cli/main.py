"""The `main` of a command, built from its parser and the function that does its work."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pipelines.cli.running import run_verb


def command_main(
    make_parser: Callable[[], argparse.ArgumentParser],
    run: Callable[..., int],
    start: Callable[..., int] = run_verb,
) -> Callable[[list[str] | None], int]:
    """Return the `main` of a command.

    Args:
        make_parser: Makes the parser; called when `main` is called, not before.
        run: Takes the flags, and what else `start` gives, and returns the exit status.
        start: Parses the arguments and calls `run`: `run_verb`, or for a command with a Beam
            pipeline `pipelines.engines.running.run_beam_verb`.

    Returns:
        A function that takes the arguments without the program's name, or None for those of
        the process, and returns the exit status of `start`.
    """

    def main(argv: list[str] | None = None) -> int:
        """Run the command line and return the exit status."""
        return start(make_parser(), run, argv)

    return main
