"""Read datasets written by ingest, to merge or split them again: TFRecords of line images."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from google.protobuf.message import DecodeError

from model.dataset.tfrecord import read_records_from
from pipelines.formats.source import Files
from schemas.features import CUT_SOURCE, SPLITS, decode_line
from schemas.records import Failure, Line, LineExample, Page

_GZIP_MAGIC = b"\x1f\x8b"
_NAME_PART = ".tfrecord"


def is_tfrecord(name: str, head: bytes) -> bool:
    """Return whether a file is a TFRecord file, by its name; its first bytes are only gzip.

    Args:
        name: Name of the file.
        head: Its first bytes.
    """
    return _NAME_PART in posixpath.basename(name).lower()


def read_quire_dataset(uri: str, files: Files) -> Iterator[Page | Failure]:
    """Read the lines of a TFRecord file of a compiled dataset.

    Args:
        uri: The file.
        files: Opens it.

    Yields:
        For each record a page of one line, or a failure. The `uri` is that of the page which
        the line was cut from, '#' and the line; `page_uri_of` separates them.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is not a TFRecord file with gzip compression.
    """
    with files.open(uri) as file:
        if file.read(len(_GZIP_MAGIC)) != _GZIP_MAGIC:
            raise ValueError(f"{uri}: not a gzip TFRecord file; give one that ingest wrote")
        file.seek(0)
        records = read_records_from(file, uri)
        number = 0
        while True:
            try:
                record = next(records, None)
            except ValueError as error:
                if not number:
                    raise
                yield Failure(f"{uri}#{number}", "read", str(error))
                return
            if record is None:
                return
            yield _page(record, f"{uri}#{number}")
            number += 1


def _page(record: bytes, place: str) -> Page | Failure:
    try:
        example = _decode(record)
    except ValueError as error:
        return Failure(place, "read", str(error))
    return Page(
        uri=f"{example.page_uri}#{example.line_id}",
        lines=(Line(example.line_id, 0, example.text, direction=example.direction),),
        width_px=example.width_px,
        height_px=example.height_px,
        source=CUT_SOURCE,
        document=example.document,
        split=example.split,
        image=example.image,
    )


def _decode(record: bytes) -> LineExample:
    try:
        example = decode_line(record)
    except DecodeError:
        raise ValueError("record is not a line of a Quire dataset; run ingest again") from None
    if not example.image:
        raise ValueError("record has no image; run ingest again")
    if example.split not in SPLITS:
        raise ValueError(
            f"split {example.split[:40]!r} is not one of {', '.join(SPLITS)}; correct it"
        )
    return example
