"""The name under which a command was started, for its usage line."""

from __future__ import annotations

import sys

CONSOLE_SCRIPT = "quire"


def command_name(verb: str) -> str:
    """Return what a user types to run another command than this one.

    Args:
        verb: Its name, as `query`.

    Example:
        >>> command_name("query")
        'python -m pipelines.query'
    """
    is_script = sys.argv[0].startswith(f"{CONSOLE_SCRIPT} ")
    return f"{CONSOLE_SCRIPT} {verb}" if is_script else f"python -m pipelines.{verb}"


def program_name(module: str) -> str:
    """Return what a user types to run a command.

    The console script sets `sys.argv[0]` to its own name and the command's, `quire ingest`;
    `python -m` sets it to the path of the module.

    Args:
        module: Dotted name of the command's module.

    Returns:
        Program name for `argparse`.

    Example:
        >>> program_name("pipelines.ingest")
        'python -m pipelines.ingest'
    """
    started_as = sys.argv[0]
    if started_as.startswith(f"{CONSOLE_SCRIPT} "):
        return started_as
    return f"python -m {module}"
