"""Lines per second on one core, of Quire and other recognisers, on the same images.

    python -m benchmarks.recognise cut --input 'PAGES/*.xml' --output LINES
    python3.10 -m benchmarks.rivals.install RIVALS
    python -m benchmarks.recognise race --lines LINES --rivals RIVALS

`cut` writes line images. `race` runs each recogniser on them, in a new process on one core, in
its own environment. Reading and decoding of images, preprocessing, network and decoding of the
text are measured; imports, loading of the model and warm-up are not. The recognisers take turns
in several rounds, so that disturbances of the machine affect all of them. The last line of the
output is JSON.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[1]
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_THREAD_LIMIT")
_BASE = "kraken"


@dataclass(frozen=True)
class Contestant:
    """One configuration of a recogniser.

    Attributes:
        name: Name in the table.
        runner: Name of its module in `benchmarks.rivals`, without 'run_', and of its environment.
        arguments: Arguments of the runner.
    """

    name: str
    runner: str
    arguments: tuple[str, ...] = ()


CONTESTANTS = (
    Contestant("quire fp32", "quire"),
    Contestant("quire int8", "quire", ("--precision", "int8")),
    Contestant("quire fp32 x64", "quire", ("--batch", "64")),
    Contestant("quire int8 x64", "quire", ("--precision", "int8", "--batch", "64")),
    Contestant("kraken", "kraken"),
    Contestant("pylaia", "pylaia"),
    Contestant("calamari", "calamari"),
    Contestant("calamari x8", "calamari", ("--batch", "8")),
    Contestant("tesseract", "tesseract"),
)


@dataclass(frozen=True)
class Speed:
    """The speed of one contestant over all rounds.

    Attributes:
        name: Name of the contestant.
        version: Version of its library.
        weights: Weights of its network.
        lines_per_s: Median over the rounds, by wall-clock time.
        slowest: The slowest round.
        fastest: The fastest round.
        lines_per_cpu_s: Median over the rounds, by CPU time.
        ratio: Median over the rounds of the ratio to the base, by CPU time; None if the base
            did not run.
    """

    name: str
    version: str
    weights: str
    lines_per_s: float
    slowest: float
    fastest: float
    lines_per_cpu_s: float
    ratio: float | None


def speeds(rounds: dict[str, Sequence[dict]], base: str = _BASE) -> list[Speed]:
    """Summarise the rounds.

    Args:
        rounds: Results that the runner of each contestant printed, one per round.
        base: Contestant that the others are compared with.

    Returns:
        One row per contestant.

    Example:
        >>> two = {"lines": 8, "seconds": 4.0, "cpu_seconds": 4.0, "version": "1", "weights": ""}
        >>> one = {**two, "seconds": 8.0, "cpu_seconds": 8.0}
        >>> [row.ratio for row in speeds({"a": [two], "b": [one]}, base="b")]
        [2.0, 1.0]
    """
    bases = [result["lines"] / result["cpu_seconds"] for result in rounds.get(base, ())]
    rows = []
    for name, results in rounds.items():
        by_clock = [result["lines"] / result["seconds"] for result in results]
        by_cpu = [result["lines"] / result["cpu_seconds"] for result in results]
        ratios = [mine / theirs for mine, theirs in zip(by_cpu, bases)]
        rows.append(
            Speed(
                name,
                results[0]["version"],
                results[0]["weights"],
                statistics.median(by_clock),
                min(by_clock),
                max(by_clock),
                statistics.median(by_cpu),
                statistics.median(ratios) if ratios else None,
            )
        )
    return rows


def table(rows: Iterable[Speed], absent: dict[str, str], base: str = _BASE) -> str:
    """Format the rows as a table for the terminal.

    Args:
        rows: Speeds of the contestants that ran.
        absent: Why each of the others did not run.
        base: Contestant that the ratios refer to.

    Returns:
        The table.
    """
    head = (
        f"{'':14} {'version':>9} {'lines/s':>8} {'from-to':>13} {'per CPU s':>9} {'x ' + base:>9}"
    )
    lines = [head + "  weights"]
    for row in rows:
        spread = f"{row.slowest:.1f}-{row.fastest:.1f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(
            f"{row.name:14} {row.version:>9} {row.lines_per_s:8.1f} {spread:>13} "
            f"{row.lines_per_cpu_s:9.1f} {ratio:>9}  {row.weights}"
        )
    return "\n".join([*lines, *(f"{name:14} not run: {why}" for name, why in absent.items())])


def command(contestant: Contestant, args: argparse.Namespace) -> list[str]:
    """Return the command line of a contestant's runner.

    Raises:
        FileNotFoundError: If it has no environment.
    """
    python = Path(sys.executable)
    if contestant.runner != "quire":
        python = args.rivals.resolve() / contestant.runner / "bin" / "python"
    if not python.exists():
        raise FileNotFoundError(
            f"no {python}; run python3.10 -m benchmarks.rivals.install {args.rivals}"
        )
    models = dict(model.split("=", 1) for model in args.model)
    model = ["--model", models[contestant.runner]] if contestant.runner in models else []
    runner = [str(python), "-m", f"benchmarks.rivals.run_{contestant.runner}"]
    core = ["--core", str(args.core)]
    return [*runner, str(args.lines.resolve()), *core, *model, *contestant.arguments]


def run_once(contestant: Contestant, args: argparse.Namespace) -> dict:
    """Run one contestant in a new process.

    Raises:
        OSError: If it has no environment, or cannot read the lines.
    """
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command(contestant, args),
        cwd=_REPOSITORY,
        env={**clean, **dict.fromkeys(_ONE_THREAD, "1")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or ["no error message"])[-1])
    return json.loads(done.stdout.splitlines()[-1])


def run_race(args: argparse.Namespace) -> None:
    """Run all contestants in turn, and print the table and the JSON."""
    rounds, absent = {}, {}
    for number in range(args.rounds):
        for contestant in CONTESTANTS:
            name = contestant.name
            if name in absent or (args.only and contestant.runner not in args.only):
                continue
            try:
                result = run_once(contestant, args)
            except OSError as error:
                absent[name] = str(error)
                rounds.pop(name, None)
                continue
            rounds.setdefault(name, []).append(result)
            seconds, worked = result["seconds"], result["cpu_seconds"]
            print(f"round {number + 1}: {name}: {seconds:.2f} s, CPU {worked:.2f} s",
                  file=sys.stderr, flush=True)  # fmt: skip
    rows = speeds(rounds)
    print(table(rows, absent))
    print(json.dumps({"speeds": [asdict(row) for row in rows], "not_run": absent}))


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    cut = verbs.add_parser("cut", help="write line images")
    cut.add_argument("--input", required=True, help="quoted glob of PAGE or ALTO files")
    cut.add_argument("--output", type=Path, required=True)
    cut.add_argument("--count", type=int, default=200)
    race = verbs.add_parser("race", help="run all recognisers on them")
    race.add_argument("--lines", type=Path, required=True, help="folder of PNG line images")
    race.add_argument("--rivals", type=Path, required=True, help="folder of environments")
    race.add_argument("--rounds", type=int, default=3)
    race.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    race.add_argument("--only", nargs="+", help="runners to include, such as: quire kraken")
    race.add_argument(
        "--model",
        nargs="+",
        default=[],
        metavar="RUNNER=MODEL",
        help="model of a runner; see the docstring of its module",
    )
    args = parser.parse_args(argv)
    if args.verb == "race":
        run_race(args)
        return 0
    from benchmarks.line_images import cut_line_images

    written = cut_line_images(glob.glob(args.input), args.count, args.output)
    print(f"{written} line images in {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
