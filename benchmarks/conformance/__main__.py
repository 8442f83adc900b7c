"""Ingest folders of PAGE and ALTO, and hold the result against an independent reading of the XML.

    python -m benchmarks.conformance FOLDER [FOLDER ...] [--keep DATASETS] [-- FLAGS OF INGEST]

Pages, lines and texts are read again with lxml alone. The table has a row for each folder; what
differs is listed below it, and the exit status is 3 then.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

from benchmarks.conformance.comparison import Comparison, compare, read_dataset
from benchmarks.conformance.xml_reading import read_corpus

_DIFFERENCES = 3
_MOST_DIFFERENCES = 20
_COLUMNS = (
    ("collection", "name"),
    ("XML", "files"),
    ("pages", "pages"),
    ("image opens", "opening"),
    ("lines with text", "lines"),
    ("records", "records"),
    ("in two splits", "dropped"),
    ("failed lines", "failed_lines"),
    ("failed pages, files", "failed_pages"),
    ("other texts", "wrong_texts"),
)


def check(folder: str, datasets: str, flags: list[str]) -> Comparison:
    """Ingest a folder, unless its dataset is there already, and compare.

    Args:
        folder: The collection.
        datasets: Folder of the datasets.
        flags: More flags of ingest.

    Raises:
        RuntimeError: If ingest ends without a dataset.
    """
    name = os.path.basename(os.path.abspath(folder))
    dataset, log = f"{datasets}/{name}", f"{datasets}/{name}.log"
    if not os.path.exists(dataset):
        command = [sys.executable, "-m", "pipelines.ingest", "--input", folder]
        with open(log, "w") as file:
            subprocess.run(
                [*command, "--output", dataset, "--max_failure_rate", "1", *flags],
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
            )
    if not os.path.exists(f"{dataset}/manifest.json"):
        with open(log) as file:
            raise RuntimeError(f"{folder}: ingest wrote no dataset: {file.read().strip()}")
    result = compare(name, list(read_corpus(folder)), read_dataset(dataset))
    with open(log) as file:
        skipped = [line.strip() for line in file if line.startswith("skipped: ")]
    result.left_out = [line.removeprefix("skipped: ") for line in skipped]
    return result


def table(results: list[Comparison]) -> str:
    """Return a Markdown table of collections, and what failed, was left out and differs in each."""
    rows = [[*(name for name, _ in _COLUMNS), "result"], ["---"] * (len(_COLUMNS) + 1)]
    for one in results:
        cells = [getattr(one, attribute) for _, attribute in _COLUMNS]
        numbers = [f"{cell:,}" if isinstance(cell, int) else cell for cell in cells]
        rows.append([*numbers, "OK" if not one.differences else f"{len(one.differences)} differ"])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    for one in results:
        lines += ["", f"{one.name}:", ""]
        lines += [f"- {count:,} failed, {reason}" for reason, count in one.reasons.most_common()]
        lines += [f"- left out: {text}" for text in one.left_out]
        lines += [f"- DIFFERS: {text}" for text in one.differences[:_MOST_DIFFERENCES]]
    return "\n".join(lines)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", help="collections, each a folder")
    parser.add_argument(
        "--keep",
        metavar="FOLDER",
        help="keep the datasets here; one that is here already is not made again",
    )
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args = parser.parse_args(sys.argv[1:split])
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        datasets = args.keep or scratch
        results = [check(folder, datasets, sys.argv[split + 1 :]) for folder in args.folders]
    print(table(results))
    return _DIFFERENCES if any(one.differences for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
