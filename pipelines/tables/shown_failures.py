"""The failures of a run in a few lines: the worst causes, and how to list all."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from schemas.program import command_name

_SHOWN = 5
_COLUMNS = ["uri", "line_id", "stage", "error"]
# Words with digits in them: sizes, positions, names of other files.
_NUMBER = re.compile(r"\w*\d\w*")
_LONGEST = 160
# Enough to know the worst; a table may have millions of rows.
_MOST_ROWS = 200_000


@dataclass
class _Cause:
    """Failures with the same error, but for names and numbers."""

    count: int = 0
    uri: str = ""
    line_id: str = ""
    stage: str = ""
    error: str = ""


def show_failures(folder: str, pattern: str = "failures/*.parquet") -> str:
    """Return the failures of a run: those of whole pages first, the most frequent causes first.

    Args:
        folder: Output of the run.
        pattern: Its files of the table `failures`, below the folder.

    Returns:
        Five causes at most, each with its number and an example, and the command that lists all
        failures; empty for no failure.
    """
    causes: dict[tuple[bool, str, str], _Cause] = defaultdict(_Cause)
    for uri, line_id, stage, error in _rows(f"{folder}/{pattern}"):
        cause = causes[bool(line_id), stage, _without_names(error, uri)]
        if not cause.count:
            cause.uri, cause.line_id, cause.stage, cause.error = uri, line_id, stage, error
        cause.count += 1
    if not causes:
        return ""
    worst = sorted(causes.values(), key=lambda one: (bool(one.line_id), -one.count, one.error))
    shown = [_describe(cause) for cause in worst[:_SHOWN]]
    more = f", {_SHOWN} of {len(worst)} causes" if len(worst) > _SHOWN else ""
    query = f'{command_name("query")} --transcripts {folder} "SELECT * FROM failures"'
    return "\n".join([f"failures, the worst first{more}:", *shown, f"all of them: {query}"])


def _rows(pattern: str) -> Iterator[tuple[str, str, str, str]]:
    (match,) = FileSystems.match([pattern])
    left = _MOST_ROWS
    for path in sorted(metadata.path for metadata in match.metadata_list):
        with FileSystems.open(path) as file:
            for rows in pq.ParquetFile(file).iter_batches(columns=_COLUMNS):
                for row in zip(*(rows[name].to_pylist() for name in _COLUMNS)):
                    if not left:
                        return
                    left -= 1
                    yield row


def _without_names(error: str, uri: str) -> str:
    file = posixpath.basename(uri)
    for name in filter(None, (uri, file)):
        error = error.replace(name, "")
    # Beside the image, `acte.txt` is looked for.
    error = re.sub(rf"(?<!\w){re.escape(posixpath.splitext(file)[0])}(?!\w)", "", error)
    return _NUMBER.sub("", error)


def _describe(cause: _Cause) -> str:
    what = "line" if cause.line_id else "page"
    where = f"{cause.uri}, line {cause.line_id}" if cause.line_id else cause.uri
    error = " ".join(cause.error.replace(f"{cause.uri}: ", "").split())
    if len(error) > _LONGEST:
        error = f"{error[:_LONGEST].rstrip()} ..."
    count = f"{cause.count:,} {what}{'' if cause.count == 1 else 's'}"
    first = where if cause.count == 1 else f"{where}, ..."
    return f"  {count}, {cause.stage}: {error} ({first})"
