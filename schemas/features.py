"""The tf.Example features of a line; `line.pbtxt` is their TFX schema.

| feature   | type  | unit | what                                             |
|-----------|-------|------|--------------------------------------------------|
| image     | bytes |      | PNG of the rectified strip, 8-bit grey           |
| width_px  | int   | px   | width of the strip                               |
| height_px | int   | px   | height of the strip, one for a whole dataset     |
| text      | bytes |      | transcription, UTF-8, NFC                        |
| page_uri  | bytes |      | location of the page image                       |
| line_id   | bytes |      | identifier of the line on its page               |
| document  | bytes |      | document that the page belongs to                |
| source    | bytes |      | format that the line was read from               |
| split     | bytes |      | train, eval or test                              |
| direction | bytes |      | ltr or rtl; only where the text does not tell it |
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from schemas import tf_example
from schemas.records import LineExample

# Version of the TFRecords and the manifest of a dataset. An additional feature raises the minor
# number; any other change raises the major one.
DATASET_VERSION = "1.1"
TFX_SCHEMA_PATH = Path(__file__).with_name("line.pbtxt")
# Features that few lines have.
_OPTIONAL = ("direction",)
SPLITS = ("train", "eval", "test")
# Lies beside the splits; holds flags, counts and digests.
MANIFEST_FILE = "manifest.json"
# Glob of the files of a split.
LINE_FILES = "*.tfrecord.gz"
# Source of lines that were read from TFRecords of Quire, as strips that are already cut out.
CUT_SOURCE = "quire"
# Source of lines that the line finder found in the image.
FOUND_SOURCE = "finder"
# Source of lines whose text a model has read; nobody has corrected it.
TRANSCRIPTS = "transcripts"


def encode_line(example: LineExample) -> bytes:
    """Serialise a line as a tf.Example.

    Args:
        example: The line.

    Returns:
        The serialised message; equal lines give equal bytes.
    """
    values = {field.name: getattr(example, field.name) for field in fields(example)}
    return tf_example.encode(
        {
            name: value.encode() if isinstance(value, str) else value
            for name, value in values.items()
            if name not in _OPTIONAL or value
        }
    )


def decode_line(serialised: bytes) -> LineExample:
    """Deserialise a line from a tf.Example.

    Args:
        serialised: Message from `encode_line`.

    Returns:
        The line.

    Raises:
        ValueError: If a feature of the line is missing or has the wrong type.
    """
    values = tf_example.decode(serialised)
    missing = [
        field.name
        for field in fields(LineExample)
        if field.name not in values and field.name not in _OPTIONAL
    ]
    if missing:
        raise ValueError(
            f"record has no feature {', '.join(missing)}; "
            "make the dataset again with pipelines.ingest"
        )
    kept = {}
    for field in fields(LineExample):
        if field.name not in values:
            continue
        value = values[field.name]
        wanted = int if field.type == "int" else bytes
        if not isinstance(value, wanted):
            raise ValueError(f"feature {field.name} is not of type {wanted.__name__}; ingest again")
        kept[field.name] = value.decode() if field.type == "str" else value
    return LineExample(**kept)
