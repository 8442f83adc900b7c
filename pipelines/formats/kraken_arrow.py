"""Read kraken's binary datasets (`ketos compile`): line images and texts in an Arrow file.

The layout is that of kraken/lib/arrow_dataset.py: a column `lines` of structs with `text`
and `im` (the bytes of an image file), a flag for each split, and a JSON object about the
dataset in the schema's metadata under `lines`. Tested on files written by kraken 7.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from pipelines.formats.arrow_schema import (
    UNREADABLE,
    describe_columns,
    fields_of,
    is_bytes,
    is_text,
)
from pipelines.formats.line_tables import embedded_page
from pipelines.formats.source import Files
from schemas.records import Failure, Page

_MAGIC = b"ARROW1"
_TYPE_PREFIX = "kraken_recognition"
# Kind of lines that kraken cut out along their polygons, with black around them.
CUT_OUT = "baseline"
_SPLIT_OF_FLAG = {"train": "train", "validation": "eval", "test": "test"}


def is_arrow(name: str, head: bytes) -> bool:
    """Return whether a file is Arrow.

    Args:
        name: Name of the file.
        head: Its first bytes.
    """
    return name.lower().endswith(".arrow") or head.startswith(_MAGIC)


def read_kraken_arrow(uri: str, files: Files) -> Iterator[Page | Failure]:
    """Read the line images and texts of a kraken dataset, one record batch at a time.

    Args:
        uri: The file; kraken writes batches of about a hundred lines.
        files: Opens it.

    Yields:
        For each row a page of one line or a failure; rows are numbered from 0 over the batches
        that can be read. The kind of the lines is that of the dataset: 'baseline' or 'bbox'.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is not a kraken dataset of lines.
    """
    with files.open(uri) as file:
        try:
            reader = pa.ipc.open_file(file)
        except UNREADABLE as error:
            raise ValueError(
                f"{uri}: not a complete Arrow file ({error}); compile it again"
            ) from None
        kind = _check_schema(reader.schema, uri)
        number = 0
        for index in range(reader.num_record_batches):
            try:
                rows = _rows(reader.get_batch(index))
            except UNREADABLE as error:
                fault = f"record batch {index} cannot be read ({error}); compile it again"
                yield Failure(f"{uri}#batch_{index}", "read", fault)
                continue
            for image, text, flags in rows:
                yield _page(f"{uri}#{number}", image.as_py(), text.as_py(), flags, kind)
                number += 1


def _check_schema(schema: pa.Schema, uri: str) -> str:
    """Check that it is a dataset of lines, and return their kind; empty where unknown."""
    has_lines = "lines" in schema.names
    parts = fields_of(schema.types[schema.names.index("lines")]) if has_lines else {}
    if not (is_text(parts.get("text", pa.null())) and is_bytes(parts.get("im", pa.null()))):
        raise ValueError(
            f"{uri}: columns are {describe_columns(schema)}; a kraken dataset has 'lines' "
            "(struct of text and im); compile it with ketos compile"
        )
    kind = _dataset_type(schema.metadata or {})
    if not kind.startswith(_TYPE_PREFIX):
        raise ValueError(f"{uri}: holds {kind[:60]!r}, not lines; compile it with ketos compile")
    return kind[len(_TYPE_PREFIX) :].lstrip("_")


def _dataset_type(metadata: dict[bytes, bytes]) -> str:
    try:
        return str(json.loads(metadata[b"lines"])["type"])
    except KeyError:
        # Other writers omit the type, and nothing here depends on it.
        return _TYPE_PREFIX
    except (ValueError, TypeError, RecursionError):
        return "metadata that is not a JSON object"


def _rows(batch: pa.RecordBatch) -> list[tuple[pa.Scalar, pa.Scalar, list[str]]]:
    """Split a batch into rows of image, text (as bytes) and flagged splits.

    Raises:
        pa.ArrowInvalid: If offsets point outside of its buffers.
    """
    batch.validate()
    lines = batch.column(batch.schema.names.index("lines"))
    parts = dict(zip((lines.type[i].name for i in range(lines.type.num_fields)), lines.flatten()))
    text, image = parts["text"], parts["im"]
    # As bytes, so that a text that is not UTF-8 fails only its own row.
    as_bytes = pa.large_binary() if pa.types.is_large_string(text.type) else pa.binary()
    text = text.view(as_bytes)
    for column in (text, image):
        column.validate(full=True)
    flags = [[] for _ in range(len(lines))]
    for name in _SPLIT_OF_FLAG.keys() & set(batch.schema.names):
        for row, flag in zip(flags, batch.column(batch.schema.names.index(name))):
            row += [name] if flag.as_py() is True else []
    return list(zip(image, text, flags))


def _page(
    place: str, image: bytes | None, text: bytes | None, flags: list[str], kind: str
) -> Page | Failure:
    if len(flags) > 1:
        error = f"row is in {' and '.join(sorted(flags))}; compile it into one"
        return Failure(place, "read", error)
    try:
        label = None if text is None else text.decode()
    except UnicodeDecodeError as error:
        return Failure(place, "read", f"text is not UTF-8 ({error.reason}); compile it again")
    split = _SPLIT_OF_FLAG[flags[0]] if flags else ""
    page = embedded_page(place, image, label, "kraken_arrow", split)
    if isinstance(page, Failure):
        return page
    return replace(page, lines=tuple(replace(line, kind=kind) for line in page.lines))
