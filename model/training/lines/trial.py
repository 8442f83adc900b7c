"""Time a few training steps of the line network."""

from __future__ import annotations

import numpy as np

from model.segmentation.maps import CHANNELS, STRIDE_PX
from model.training.lines.config import LineTrainingConfig
from model.training.optimisation.device import keras_policy
from model.training.optimisation.trial import median_time, serve_trial
from schemas.process_end import end_process


def time_line_steps(order: dict, precision: str) -> float:
    """Return steps a second, in this process; the pixels of the crops make no difference to it.

    Args:
        order: `batch_size` and `side_px` of the training.
        precision: One of `PRECISIONS`.
    """
    from model.training.lines.loop import compile_network
    from model.training.networks.line_finder import build_line_network
    from model.training.optimisation.optimizer import train_on_batch

    config = LineTrainingConfig(
        batch_size=order["batch_size"], side_px=order["side_px"], precision=precision
    )
    network = build_line_network(config.network, keras_policy(precision))
    compile_network(network, config)
    images = np.random.default_rng(0).random((config.batch_size, config.side_px, config.side_px, 1))
    images = images.astype(np.float32)
    side = config.side_px // STRIDE_PX
    maps = np.ones((config.batch_size, side, side, len(CHANNELS) + 1), np.float32)
    return 1 / median_time(lambda: train_on_batch(network, images, maps))


def main() -> int:
    """Serve `model.training.lines`."""
    return serve_trial(time_line_steps)


if __name__ == "__main__":
    end_process(main)
