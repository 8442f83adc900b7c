"""CharsetGen: collect the characters of the training lines.

The Trainer takes only standard artifacts, so the charset is written twice: as a `Charset`
for people and lineage, and as `HyperParameters` for `model.training.run_fn`.
"""

from collections.abc import Iterable
from pathlib import Path

from tfx import v1 as tfx
from tfx.v1.dsl.components import InputArtifact, OutputArtifact
from tfx.v1.types.standard_artifacts import Examples, HyperParameters

from components.errors import DatasetError
from model.bundle import CHARSET_FILE
from model.charset import Charset as CharacterSet
from model.tfrecord import read_records
from schemas.features import decode_line

HYPERPARAMETERS_FILE = "best_hyperparameters.txt"


class Charset(tfx.dsl.Artifact):
    """The characters that a network can write; holds charset.json."""

    TYPE_NAME = "Charset"


def collect_charset(paths: Iterable[str | Path]) -> CharacterSet:
    """Collect the characters of some TFRecords.

    Args:
        paths: The files.

    Returns:
        The charset of all their lines.

    Raises:
        DatasetError: If a record is not a line or no line has any text.
    """
    records = (record for path in paths for record in read_records(path))
    try:
        charset = CharacterSet.of_texts(decode_line(record).text for record in records)
    except ValueError as error:
        raise DatasetError(f"split train: {error}; ingest again") from None
    if not "".join(charset.characters).strip():
        raise DatasetError("split train has no text to learn from; ingest pages with texts")
    return charset


# TFX reads these annotations as they stand: no `from __future__ import annotations` here.
@tfx.dsl.components.component
def CharsetGen(  # noqa: N802
    examples: InputArtifact[Examples],
    charset: OutputArtifact[Charset],
    hyperparameters: OutputArtifact[HyperParameters],
):
    """Write the charset of the train split.

    Args:
        examples: Lines, with a split `train`.
        charset: Takes charset.json.
        hyperparameters: Takes the same JSON for the Trainer.
    """
    paths = sorted(Path(examples.path(split="train")).iterdir())
    text = collect_charset(paths).to_json()
    Path(charset.uri, CHARSET_FILE).write_text(text, "utf-8")
    Path(hyperparameters.uri, HYPERPARAMETERS_FILE).write_text(text, "utf-8")
