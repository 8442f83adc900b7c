"""Write the baselines of PAGE and ALTO pages for `python -m model.training.lines`."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.main import command_main
from pipelines.cli.options import UsageError, verb_parser
from schemas.process_end import end_process

if TYPE_CHECKING:
    from schemas.records import Failure, Page


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("lines_dataset", __doc__, takes_beam_flags=False)
    parser.add_argument("--input", nargs="+", required=True, help="files, folders, globs")
    parser.add_argument("--output", type=Path, required=True, help="file to write, .jsonl")
    parser.add_argument(
        "--leave_out", nargs="*", default=[], help="pages or documents to leave out, by name"
    )
    return parser


def _run(args: argparse.Namespace) -> int:
    from model.dataset.line_pages import page_to_json
    from schemas.records import Failure, Skipped

    if args.output.exists():
        raise UsageError(f"{args.output} exists; give another --output")
    unused, texts = set(args.leave_out), []
    for record in _first_descriptions(_read(args.input)):
        if isinstance(record, Skipped):
            print(f"{record.uri}: left out, {record.reason}", file=sys.stderr)
            continue
        if isinstance(record, Failure):
            print(f"{record.uri}: {record.error}", file=sys.stderr)
            continue
        names = {record.document, Path(record.uri).stem}
        if names.isdisjoint(args.leave_out):
            texts.append(page_to_json(record))
        unused -= names
    if unused:
        raise UsageError(f"--leave_out {' '.join(sorted(unused))}: no such page or document")
    args.output.write_text("".join(text + "\n" for text in texts), "utf-8")
    print(f"{args.output}: {len(texts)} pages")
    return 0


def _first_descriptions(described: Iterable[tuple[Page | Failure, str]]) -> Iterator:
    """Yield each page once, by the description that ingest takes, and what was left out."""
    from pipelines.descriptions.survey import (
        second_description,
        second_descriptions,
        survey_page,
    )
    from schemas.records import Page

    described = list(described)
    surveyed = defaultdict(list)
    for record, described_by in described:
        if isinstance(record, Page):
            surveyed[record.uri].append(survey_page(record, described_by))
    surplus = {pair for pages in surveyed.values() for pair in second_descriptions(pages)}
    for record, described_by in described:
        is_surplus = (record.uri, described_by) in surplus
        yield second_description(record.uri, described_by) if is_surplus else record


def _read(inputs: list[str]) -> Iterator[tuple[Page | Failure, str]]:
    """Yield the pages that have XML, in the order of their names, and the failures."""
    from pipelines.descriptions.pairing import MarkupFile, pair_files, pairing_key
    from pipelines.descriptions.reading import ReadConfig, describing_file, read_source
    from pipelines.files.filesystem import BeamFiles, input_patterns
    from pipelines.files.match import listed_paths
    from schemas.records import Skipped

    uris = listed_paths(input_patterns(inputs), "--input")
    for _, group in groupby(sorted(uris, key=pairing_key), pairing_key):
        for source in pair_files(group):
            if isinstance(source, MarkupFile):
                for record in read_source(source, ReadConfig(), BeamFiles()):
                    if not isinstance(record, Skipped):
                        yield record, describing_file(source)


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
