"""The `main` of a command, built from its parser and the function that does its work."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pipelines.cli.running import run_beam_verb, run_verb


def command_main(
    make_parser: Callable[[], argparse.ArgumentParser],
    run: Callable[..., int],
    runs_beam: bool = False,
) -> Callable[[list[str] | None], int]:
    """Return the `main` of a command.

    Args:
        make_parser: Makes the parser; called when `main` is called, not before.
        run: Takes the flags, and Beam's options if `runs_beam`, and returns the exit status.
        runs_beam: Whether flags that the parser does not know belong to Beam.

    Returns:
        A function that takes the arguments without the program's name, or None for those of
        the process, and returns the exit status of `pipelines.cli.running.run_verb`.
    """
    run_command = run_beam_verb if runs_beam else run_verb

    def main(argv: list[str] | None = None) -> int:
        """Run the command line and return the exit status."""
        return run_command(make_parser(), run, argv)

    return main
