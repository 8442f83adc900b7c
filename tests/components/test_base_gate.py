"""A fine-tuned model that is no better than its base is not pushed."""

import json

import pytest
from tfx.components.util.model_utils import is_infra_validated
from tfx.v1.types.standard_artifacts import InfraBlessing, Model

from components.base_gate import BLESSED_FILE, NOT_BLESSED_FILE, SERVING_FOLDER, BaseGate

pytestmark = pytest.mark.train


@pytest.mark.parametrize(
    ("card", "is_pushed"),
    [
        ({}, True),  # not fine-tuned
        ({"base": {"is_better": True}}, True),
        ({"base": {"is_better": False}}, False),
    ],
)
def test_the_pusher_is_told_what_the_card_says(tmp_path, card, is_pushed):
    folder = tmp_path / "model" / SERVING_FOLDER
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps(card))
    model, blessing = Model(), InfraBlessing()
    model.uri, blessing.uri = str(tmp_path / "model"), str(tmp_path / "blessing")
    BaseGate.test_call(model=model, blessing=blessing)
    assert is_infra_validated(blessing) is is_pushed
    (file,) = (tmp_path / "blessing").iterdir()
    assert file.name == (BLESSED_FILE if is_pushed else NOT_BLESSED_FILE)
