"""BaseGate: do not push a fine-tuned model that reads no better than the one it started from.

The Trainer compares both on the held-out lines and notes the result in the model card. The
Evaluator compares a model with the last one of this pipeline, which may be another, or none.
"""

import json

from tfx import v1 as tfx
from tfx.v1.dsl.components import InputArtifact, OutputArtifact
from tfx.v1.types.standard_artifacts import InfraBlessing, Model

from components.storage import join, read_bytes, write_text
from model.recogniser.bundle import CARD_FILE
from model.training.base_model import BASE_ENTRY

# Folder of the bundle in the artifact of the Trainer.
SERVING_FOLDER = "Format-Serving"
BLESSED_FILE, NOT_BLESSED_FILE = "INFRA_BLESSED", "INFRA_NOT_BLESSED"
# What the Pusher looks at.
_BLESSED = "blessed"


def is_better_than_base(card: dict) -> bool:
    """Whether a model may be released, as far as its base is concerned.

    Args:
        card: Its model card.

    Example:
        >>> is_better_than_base({"base": {"is_better": False}}), is_better_than_base({})
        (False, True)
    """
    return card.get(BASE_ENTRY, {}).get("is_better", True)


# TFX evaluates these annotations: no `from __future__ import annotations` in this module.
@tfx.dsl.components.component
def BaseGate(  # noqa: N802
    model: InputArtifact[Model],
    blessing: OutputArtifact[InfraBlessing],
):
    """Bless a model for the Pusher if it is better than its base, or has none.

    Args:
        model: Output of the Trainer.
        blessing: What the Pusher asks for.
    """
    card = json.loads(read_bytes(join(model.uri, SERVING_FOLDER, CARD_FILE)))
    is_better = is_better_than_base(card)
    write_text(join(blessing.uri, BLESSED_FILE if is_better else NOT_BLESSED_FILE), "")
    blessing.set_int_custom_property(_BLESSED, int(is_better))
