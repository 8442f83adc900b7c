"""Run the commands of README and the tutorial on the real pages, and write what they print.

    git clone --depth 1 https://github.com/alix-tz/peraire-ground-truth
    python -m tests.rewrite_documentation --peraire peraire-ground-truth README.md docs/tutorial.md

Do it when the default model or the output of a command has changed. Names that the text looks for
may then be read otherwise: read both pages again.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from pipelines.cli.console import main as quire
from tests.documented import ELLIPSIS, NOT_RUN, shape_of, words_of

_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)


def rewritten(text: str) -> str:
    """Return a page with the output of its commands as they print it in the current folder."""
    return _CONSOLE.sub(lambda block: f"```console\n{_session(block.group(1))}```", text)


def _session(body: str) -> str:
    lines = []
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, *documented = part.rstrip("\n").split("\n")
        lines += [f"$ {command}", *shortened(documented, _printed_by(command))]
    return "".join(f"{line}\n" for line in lines)


def _printed_by(command: str) -> list[str]:
    if NOT_RUN.match(command):
        return []
    print(command, file=sys.stderr, flush=True)
    (words,) = words_of(command)
    if words[0] != "quire":
        subprocess.run(["sh", "-c", command], check=True)
        return []
    with redirect_stdout(StringIO()) as out:
        status = quire(words[1:])
    if status:
        raise SystemExit(f"{command}: exit status {status}")
    return [line.rstrip() for line in out.getvalue().splitlines() if not line.startswith("{")]


def shortened(documented: list[str], printed: list[str]) -> list[str]:
    """Return what a command prints, without what the page leaves out with '…'.

    Example:
        >>> shortened(["8 pages", "…", "9 lines"], ["7 pages", "a", "b", "6 lines", "c"])
        ['7 pages', '…', '6 lines']
        >>> shortened([], ["a"])
        ['a']
    """
    if ELLIPSIS not in documented:
        return printed
    left, lines = list(printed), []
    for line in documented:
        if line == ELLIPSIS:
            lines.append(line)
            continue
        place = next((i for i, one in enumerate(left) if shape_of(one) == shape_of(line)), None)
        if place is not None:
            lines.append(left[place])
            left = left[place + 1 :]
    return lines


def main() -> int:
    """Rewrite the pages that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="+", type=Path, help="Markdown files")
    parser.add_argument("--peraire", type=Path, required=True, help="clone of the ground truth")
    args = parser.parse_args()
    pages, peraire = [page.resolve() for page in args.pages], args.peraire.resolve()
    for page in pages:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            Path("peraire").symlink_to(peraire)
            text = rewritten(page.read_text("utf-8"))
            os.chdir(page.parent)
        page.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
