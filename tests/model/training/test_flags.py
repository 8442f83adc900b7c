"""From command-line flags to the configuration of a training run."""

import pytest

from model.augmentation.config import AugmentConfig
from model.networks.presets import PRESETS
from model.training.flags import training_config


def test_defaults_come_from_the_preset():
    config = training_config({"preset": "tiny"})
    assert config.learning_rate == PRESETS["tiny"].learning_rate
    assert config.batch.width_px == PRESETS["tiny"].batch_width_px
    assert config.dropout == PRESETS["tiny"].dropout
    assert config.augmentation == AugmentConfig()


def test_flags_override_the_preset():
    config = training_config(
        {
            "learning_rate": 0.1,
            "batch_width_px": 640,
            "augmentation": 0.0,
            "dropout": 0.0,
            "seed": 7,
        }
    )
    assert config.dropout == 0
    assert (config.learning_rate, config.batch.width_px, config.batch.seed) == (0.1, 640, 7)
    assert config.augmentation == AugmentConfig.none()


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ({"epochs": 0}, "--epochs 0 is too small"),
        ({"augmentation": -1.0}, "--augmentation -1.0"),
        ({"preset": "huge"}, "huge"),
        ({"precision": "int3"}, "int3"),
        ({"batch_width_px": -5}, "--batch_width_px -5"),
        ({"learning_rate": 0.0}, "--learning_rate 0.0"),
        ({"dropout": 1.0}, "--dropout 1.0"),
    ],
)
def test_invalid_values_are_rejected(flags, reason):
    with pytest.raises(ValueError, match=reason):
        training_config(flags)
