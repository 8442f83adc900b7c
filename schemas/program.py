"""How this program was started and installed, for what it tells the user to type."""

from __future__ import annotations

import sys

from schemas import VERSION

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


def extra_cure(extra: str, prefix: str = sys.prefix) -> str:
    """Return the command that adds an extra to this installation.

    Args:
        extra: Its name, or several with commas.
        prefix: Folder of the environment of Python.

    Example:
        >>> extra_cure("gcp", "/home/a/quire")
        "pip install 'quire-htr[gcp]'"
        >>> extra_cure("gcp", "/home/a/.local/share/pipx/venvs/quire-htr")
        "pipx install --force 'quire_htr-0.1.0-py3-none-any.whl[gcp]'"
    """
    # These tools take the wheel again: the environment is theirs.
    for folder, tool in (("/pipx/venvs/", "pipx"), ("/uv/tools/", "uv tool")):
        if folder in prefix.replace("\\", "/"):
            return f"{tool} install --force 'quire_htr-{VERSION}-py3-none-any.whl[{extra}]'"
    return f"pip install 'quire-htr[{extra}]'"
