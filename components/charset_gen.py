"""CharsetGen: collect the characters of the training lines.

The Trainer takes only standard artifacts, so the charset is written twice: as a `Charset`
for people and lineage, and as `HyperParameters` for `model.training.run_fn`.
"""

import glob
import os
from pathlib import Path

from tfx import v1 as tfx

from model.batches import read_examples
from model.bundle import CHARSET_FILE
from model.charset import Charset as CharacterSet

HYPERPARAMETERS_FILE = "best_hyperparameters.txt"


class Charset(tfx.dsl.Artifact):
    """The characters that a network can write; holds charset.json."""

    TYPE_NAME = "Charset"


def collect_charset(pattern: str) -> CharacterSet:
    """Collect the characters of some TFRecords.

    Args:
        pattern: Glob of the files.

    Returns:
        The charset of all their lines.

    Raises:
        ValueError: If no line has any text.
    """
    charset = CharacterSet.of_texts(line.text for line in read_examples(sorted(glob.glob(pattern))))
    if not charset.characters:
        raise ValueError("split train has no text to learn from; ingest pages with transcriptions")
    return charset


# TFX reads these annotations as they stand: no `from __future__ import annotations` here.
@tfx.dsl.components.component
def CharsetGen(  # noqa: N802
    examples: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Examples],
    charset: tfx.dsl.components.OutputArtifact[Charset],
    hyperparameters: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.HyperParameters],
):
    """Write the charset of the train split.

    Args:
        examples: Lines, with a split `train`.
        charset: Takes charset.json.
        hyperparameters: Takes the same JSON for the Trainer.
    """
    text = collect_charset(os.path.join(examples.path(split="train"), "*")).to_json()
    Path(charset.uri, CHARSET_FILE).write_text(text, "utf-8")
    Path(hyperparameters.uri, HYPERPARAMETERS_FILE).write_text(text, "utf-8")
