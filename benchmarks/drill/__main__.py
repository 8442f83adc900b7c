"""Kill commands, damage files, end often; print what was tried and what survived.

python -m benchmarks.drill --most 20 --ends 50
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.drill.ends import end_often
from benchmarks.drill.kills import drill
from benchmarks.drill.modules import PARTS, run_tests
from benchmarks.drill.outcome import Outcome, table
from benchmarks.drill.subjects import draw_start, subjects

_ALL = 1_000_000


def run_drill(scratch: Path, most: int, ends: int, has_tests: bool, only: str) -> list[Outcome]:
    """Run the drill.

    Args:
        scratch: An empty folder.
        most: Most kills of a command, before a file operation and in the middle of one each.
        ends: How often a command is ended.
        has_tests: Whether the tests count that are part of it.
        only: Start of the names of the commands that are killed; empty for all.
    """
    outcomes, start = [], draw_start(scratch)
    for subject in subjects(scratch):
        for moment in ("before", "middle") if subject.name.startswith(only) else ():
            outcomes.append(drill(subject, start, scratch, moment, most))
            _say(outcomes[-1])
    if ends:
        outcomes.append(end_often(scratch, ends))
        _say(outcomes[-1])
    for name, module in PARTS.items() if has_tests else ():
        outcomes.append(run_tests(name, module))
        _say(outcomes[-1])
    return outcomes


def _say(outcome: Outcome) -> None:
    print(f"{outcome.name}: {outcome.tried} tried, {len(outcome.failed)} failed", file=sys.stderr)


def main() -> int:
    """Run the drill and return 1 if something did not survive."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill", description=__doc__)
    parser.add_argument("--most", type=int, default=_ALL, help="most kills of each kind")
    parser.add_argument("--ends", type=int, default=200, help="how often a command is ended")
    parser.add_argument("--only", default="", help="start of the name of the command to kill")
    parser.add_argument(
        "--tests", action=argparse.BooleanOptionalAction, default=True, help="run these parts, too"
    )
    parser.add_argument("--scratch", help="folder to work in, which is kept; else a temporary one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(args.scratch or temporary).resolve()
        outcomes = run_drill(scratch, args.most, args.ends, args.tests, args.only)
    print(table(outcomes))
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
