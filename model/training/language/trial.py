"""Time a few training steps of the recurrent language model."""

from __future__ import annotations

import numpy as np

from model.training.language.config import LanguageConfig
from model.training.optimisation.device import keras_policy
from model.training.optimisation.trial import median_time, serve_trial
from schemas.process_end import end_process

_LINES, _CHARACTERS = 32, 64


def time_language_steps(order: dict, precision: str) -> float:
    """Return steps a second, in this process.

    Args:
        order: The number of `classes` of the network.
        precision: One of `PRECISIONS`.
    """
    from model.training.language.recurrent_loop import RecurrentConfig, compile_network
    from model.training.networks.recurrent_language import build_language_network
    from model.training.optimisation.optimizer import train_on_batch

    config = RecurrentConfig(LanguageConfig().recurrent_epochs, policy=keras_policy(precision))
    network = build_language_network(order["classes"], config.dropout, config.policy)
    compile_network(network, config, step_count=100)
    labels = np.random.default_rng(0).integers(order["classes"], size=(_LINES, _CHARACTERS))
    labels = labels.astype(np.int32)
    return 1 / median_time(lambda: train_on_batch(network, labels, labels))


def main() -> int:
    """Serve `model.training.language.recurrent`."""
    return serve_trial(time_language_steps)


if __name__ == "__main__":
    end_process(main)
