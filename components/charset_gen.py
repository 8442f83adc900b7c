"""CharsetGen: collect the characters of the training lines.

The Trainer takes only standard artifacts, so the charset is written twice: as a `Charset`
for people and lineage, and as `HyperParameters` for `model.training.job.run_fn`.
"""

from collections.abc import Iterable

from tfx import v1 as tfx
from tfx.v1.dsl.components import InputArtifact, OutputArtifact, Parameter
from tfx.v1.types.standard_artifacts import Examples, HyperParameters

from components.errors import DatasetError
from components.storage import join, list_files, read_all_records, write_text
from model.recogniser.bundle import CHARSET_FILE
from model.text.charset import Charset as CharacterSet
from schemas.features import decode_line

HYPERPARAMETERS_FILE = "best_hyperparameters.txt"


class Charset(tfx.dsl.Artifact):
    """The characters that a network can write; holds charset.json."""

    # Kubeflow takes it for the place to import the class from.
    TYPE_NAME = "components.Charset"


def collect_charset(paths: Iterable[str]) -> CharacterSet:
    """Collect the characters of some TFRecords.

    Args:
        paths: The files.

    Returns:
        The charset of all their lines.

    Raises:
        DatasetError: If a record is not a line or no line has any text.
    """
    try:
        charset = CharacterSet.of_texts(
            decode_line(record).text for record in read_all_records(paths)
        )
    except ValueError as error:
        raise DatasetError(f"split train: {error}; ingest again") from None
    if not "".join(charset.characters).strip():
        raise DatasetError("split train has no text to learn from; ingest pages with texts")
    return charset


# TFX reads these annotations as they stand: no `from __future__ import annotations` here.
@tfx.dsl.components.component
def CharsetGen(  # noqa: N802
    examples: InputArtifact[Examples],
    code: Parameter[str],
    charset: OutputArtifact[Charset],
    hyperparameters: OutputArtifact[HyperParameters],
):
    """Write the charset of the train split.

    Args:
        examples: Lines, with a split `train`.
        code: Digest of the code, so that other code collects anew.
        charset: Takes charset.json.
        hyperparameters: Takes the same JSON for the Trainer.
    """
    text = collect_charset(list_files(examples.path(split="train"))).to_json()
    write_text(join(charset.uri, CHARSET_FILE), text)
    write_text(join(hyperparameters.uri, HYPERPARAMETERS_FILE), text)
