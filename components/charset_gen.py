"""CharsetGen: collect the characters of the training lines.

The Trainer accepts only standard artifacts, so the charset is written twice: as a `Charset`,
which shows up as such in the lineage, and as `HyperParameters` for `model.training.job.run_fn`.
"""

from collections.abc import Iterable

from tfx import v1 as tfx
from tfx.v1.dsl.components import InputArtifact, OutputArtifact, Parameter
from tfx.v1.types.standard_artifacts import Examples, HyperParameters

from components.errors import DatasetError
from components.storage import join, list_files, read_all_records, write_text
from model.recogniser.bundle import CHARSET_FILE
from model.text.bidi import ink_order
from model.text.charset import Charset as CharacterSet
from schemas.features import decode_line

HYPERPARAMETERS_FILE = "best_hyperparameters.txt"


class Charset(tfx.dsl.Artifact):
    """Artifact with charset.json, the characters that a network can output."""

    # Kubeflow imports the class by this name.
    TYPE_NAME = "components.Charset"


def collect_charset(paths: Iterable[str]) -> CharacterSet:
    """Collect the characters of the lines in TFRecord files.

    Args:
        paths: The files.

    Returns:
        The charset of all lines.

    Raises:
        DatasetError: If a record is not a line, or no line has text.
    """
    try:
        lines = map(decode_line, read_all_records(paths))
        charset = CharacterSet.of_texts(ink_order(line.text, line.direction) for line in lines)
    except ValueError as error:
        raise DatasetError(f"split train: {error}; ingest again") from None
    if not "".join(charset.characters).strip():
        raise DatasetError("split train has no text to train on; ingest pages with texts")
    return charset


# TFX evaluates these annotations: no `from __future__ import annotations` in this module.
@tfx.dsl.components.component
def CharsetGen(  # noqa: N802
    examples: InputArtifact[Examples],
    code: Parameter[str],
    charset: OutputArtifact[Charset],
    hyperparameters: OutputArtifact[HyperParameters],
):
    """Write the charset of the train split.

    Args:
        examples: Examples with a split `train`.
        code: Digest of the code, so that a cached result is not used after a change of the code.
        charset: Artifact to write charset.json to.
        hyperparameters: Artifact to write the same JSON to, for the Trainer.
    """
    text = collect_charset(list_files(examples.path(split="train"))).to_json()
    write_text(join(charset.uri, CHARSET_FILE), text)
    write_text(join(hyperparameters.uri, HYPERPARAMETERS_FILE), text)
