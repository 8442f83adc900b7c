"""Hold what ingest made of a folder against an independent reading of its XML."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.conformance.xml_reading import Described, normalised
from model.dataset.examples import read_examples
from model.dataset.report_data import kind_of_error

_NO_TEXT = "line has no text"


@dataclass
class Dataset:
    """What ingest wrote, by page.

    Attributes:
        texts: Normalised texts of the records of each page.
        dropped: Lines of each page that are in two splits.
        failed_lines: Errors of the lines of each page.
        failed: Error of each page or file that failed as a whole.
        reasons: Count of failures by stage and reason.
    """

    texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    dropped: Counter = field(default_factory=Counter)
    failed_lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    failed: dict[str, str] = field(default_factory=dict)
    reasons: Counter = field(default_factory=Counter)


def read_dataset(folder: str) -> Dataset:
    """Read the records, failures and leaks of a dataset."""
    dataset = Dataset()
    for example in read_examples(map(str, Path(folder).glob("*/*.tfrecord.gz"))):
        dataset.texts[_file(example.page_uri)].append(normalised(example.text))
    for row in pq.read_table(f"{folder}/failures").to_pylist():
        if row["stage"] == "leak":
            dataset.dropped[_file(row["uri"])] += 1
            continue
        dataset.reasons[f"{row['stage']}: {kind_of_error(row['error'])}"] += 1
        if row["line_id"]:
            dataset.failed_lines[_file(row["uri"])].append(row["error"])
        else:
            dataset.failed[_file(row["uri"])] = row["error"]
    return dataset


def _file(uri: str) -> str:
    return os.path.normpath(uri.split("#page=")[0])


@dataclass
class Comparison:
    """What one collection has by lxml and by ingest.

    Attributes:
        name: Its name.
        files: PAGE and ALTO files.
        pages: Pages with XML, each once.
        opening: Of these, pages whose image Pillow opens.
        lines: Lines with text on those.
        records: Lines that ingest wrote.
        dropped: Lines that it dropped, as they are in two splits.
        failed_lines: Lines that failed.
        failed_pages: Pages and files that failed.
        left_out: Files that it left out, as it names them.
        wrong_texts: Records with a text that the XML does not have.
        reasons: Count of failures by stage and reason.
        differences: What does not agree, a line each.
    """

    name: str
    files: int = 0
    pages: int = 0
    opening: int = 0
    lines: int = 0
    records: int = 0
    dropped: int = 0
    failed_lines: int = 0
    failed_pages: int = 0
    left_out: list[str] = field(default_factory=list)
    wrong_texts: int = 0
    reasons: Counter = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


def compare(name: str, described: list[Described], dataset: Dataset) -> Comparison:
    """Compare what lxml reads with what ingest made of it.

    Args:
        name: Of the collection.
        described: Its PAGE and ALTO files.
        dataset: What ingest wrote.
    """
    result = Comparison(name, files=len(described), reasons=dataset.reasons)
    result.records = sum(map(len, dataset.texts.values()))
    result.dropped = dataset.dropped.total()
    result.failed_lines = sum(map(len, dataset.failed_lines.values()))
    result.failed_pages = len(dataset.failed)
    by_image: dict[str, list[Described]] = defaultdict(list)
    for one in described:
        by_image[one.image or one.path].append(one)
    result.pages = len(by_image)
    for page, files in by_image.items():
        if not files[0].opens:
            _compare_unreadable(result, page, files, dataset)
            continue
        result.opening += 1
        _compare_page(result, page, files, dataset)
    others = {*dataset.texts, *dataset.failed_lines} - set(by_image)
    result.differences += [f"{page}: lxml finds no XML of it" for page in sorted(others)]
    return result


def _compare_unreadable(
    result: Comparison, page: str, files: list[Described], dataset: Dataset
) -> None:
    """A page without a readable image has to fail, by its own name or that of its XML."""
    if dataset.texts.get(page):
        result.differences.append(f"{page}: records of an image that does not open")
    elif not any(one in dataset.failed for one in (page, *(file.path for file in files))):
        result.differences.append(f"{page}: has no image, and is no failure")


def _compare_page(result: Comparison, page: str, files: list[Described], dataset: Dataset) -> None:
    texts, errors = Counter(dataset.texts[page]), dataset.failed_lines[page]
    # Ingest reads one of several descriptions: the one that its records fit best.
    unlike, file = min(
        (((texts - Counter(file.texts)).total(), file) for file in files), key=lambda pair: pair[0]
    )
    written = Counter(filter(None, file.texts))
    result.lines += written.total()
    result.wrong_texts += unlike
    failure = next((dataset.failed[one] for one in (page, file.path) if one in dataset.failed), "")
    reported = dataset.dropped[page] + sum(not error.startswith(_NO_TEXT) for error in errors)
    came_out = texts.total() + dataset.dropped[page] + len(errors)
    difference = ""
    if failure:
        difference = f"opens, and failed: {failure}" if written else ""
    elif came_out != len(file.texts):
        difference = f"{len(file.texts)} lines in {file.path}, {came_out} came out"
    elif unlike:
        text = min((texts - written).keys())
        difference = f"{text!r} is no text in {file.path}"
    elif (written - texts).total() > reported:
        text = min((written - texts).keys())
        difference = f"{text!r} of {file.path} is neither a record nor reported"
    result.differences += [f"{page}: {difference}"] if difference else []
