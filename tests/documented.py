"""The commands in the documentation: found in its text, parsed, run, and their output compared."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    REPOSITORY / "model" / "default" / "README.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
# Flags of Apache Beam that the documentation names.
BEAM_FLAGS = {
    "--direct_num_workers",
    "--direct_running_mode",
    "--runner",
    "--setup_file",
    "--temp_location",
}
# Programs besides Quire, `python -m` and `make` that a command may begin with.
OTHER_PROGRAMS = {"."}


def unlike(documented: tuple[str, ...], printed: list[str]) -> list[str]:
    """Return the lines of a page that a command does not print, by their shape.

    Rows below the rule of a table hold the text of other pages and are not compared, nor is a
    line of '…', which stands for lines that are left out.
    """
    shapes, missing, is_row = {shape_of(line) for line in printed}, [], False
    for line in documented:
        if not is_row and line != ELLIPSIS and shape_of(line) not in shapes:
            missing.append(line)
        is_row = is_row or _RULE.match(line) is not None
    return missing
