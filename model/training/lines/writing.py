"""Train the network that measures writing: `python -m model.training.lines.writing`.

It learns from pages whose polygons are sound what their ink looks like, also without the lines
above and below, at other sizes, faint, and with rules across.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.dataset.line_pages import read_line_pages
from model.geometry.extent import baseline_path, line_extents
from model.images.background import even_background
from model.images.decode import decode_image
from model.line_images.crop import fit_to_image
from model.line_images.writing import DISTANCES_PX, ink_profile, normalise_profiles
from model.training.optimisation.backend import check_backend
from schemas.process_end import end_process
from schemas.program import program_name
from schemas.records import Page

if TYPE_CHECKING:
    import keras

_LOG_DISTANCES = np.log(DISTANCES_PX)
_LOG_STEP = float(_LOG_DISTANCES[1] - _LOG_DISTANCES[0])


@dataclass(frozen=True)
class WritingTrainingConfig:
    """How the network is trained.

    Attributes:
        epochs: Passes over the lines, each with new random changes.
        learning_rate: At the start.
        batch_lines: Lines of a step.
        seed: Of weights and changes.
        most_smaller: Steps of `DISTANCES_PX` by which writing is made smaller at most.
        most_larger: The same for larger.
    """

    epochs: int = 40
    learning_rate: float = 3e-3
    batch_lines: int = 64
    seed: int = 0
    most_smaller: int = 10
    most_larger: int = 8


def read_samples(pages: Sequence[Page]) -> tuple[np.ndarray, np.ndarray]:
    """Measure the ink around the lines of pages.

    Args:
        pages: Pages whose lines have polygons; `uri` is a file.

    Returns:
        Profiles, float32 [line, distance, 4], and natural logarithms of the reach above and
        below that the polygons have, float32 [line, 2].
    """
    profiles, targets = [], []
    for page in pages:
        grey = decode_image(Path(page.uri).read_bytes())
        lines = [line for line in fit_to_image(page, grey).lines if len(line.polygon) > 2]
        evened = even_background(grey)
        for line, extent in zip(lines, line_extents(lines)):
            if extent is None or min(extent.above_px, extent.below_px) <= 0:
                continue
            profile = ink_profile(evened, baseline_path(line))
            if profile is not None:
                profiles.append(profile)
                targets.append(np.log([extent.above_px, extent.below_px]))
    return np.array(profiles, np.float32), np.array(targets, np.float32)


def change_profile(
    profile: np.ndarray, target: np.ndarray, rng: np.random.Generator, config: WritingTrainingConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Change a profile at random: without neighbours, of another size, with a rule, faint.

    Args:
        profile: float32 [distance, 4].
        target: float32 [2], natural logarithms of the reach above and below.
        rng: Source of randomness.
        config: How much it may change.

    Returns:
        The changed profile and its target.
    """
    profile = profile.copy()
    if rng.random() < 0.4:
        for side in (0, 1):
            if rng.random() < 0.8:
                far = target[side] + rng.uniform(0.05, 0.4) < _LOG_DISTANCES
                profile[far, 2 * side] *= rng.uniform(0, 0.15)
                profile[far, 2 * side + 1] *= rng.uniform(0, 0.1)
    steps = int(rng.integers(-config.most_smaller, config.most_larger + 1))
    profile = shift_profile(profile, steps)
    if rng.random() < 0.3:
        _add_rule(profile, rng)
    darkness = rng.uniform(0.4, 1.3)
    profile[:, 0::2] *= darkness
    profile[:, 1::2] *= min(1.0, darkness**0.5)
    noise = rng.normal(0, 0.01, profile.shape)
    changed = np.clip(profile + rng.uniform(0, 0.08) + noise, 0, 1.5)
    return changed.astype(np.float32), target + np.float32(steps * _LOG_STEP)


def shift_profile(profile: np.ndarray, steps: int) -> np.ndarray:
    """Return the profile of the same writing, larger by a number of steps of `DISTANCES_PX`."""
    places = np.clip(np.arange(len(profile)) - steps, 0, len(profile) - 1)
    return profile[places]


def _add_rule(profile: np.ndarray, rng: np.random.Generator) -> None:
    side, start = int(rng.integers(2)), int(rng.integers(5, len(profile) - 2))
    rule = np.s_[start : start + int(rng.integers(1, 3))]
    for channel, least in ((2 * side, 0.3), (2 * side + 1, 0.5)):
        profile[rule, channel] = np.maximum(profile[rule, channel], rng.uniform(least, 1))


def train_writing_network(
    profiles: np.ndarray, targets: np.ndarray, config: WritingTrainingConfig
) -> keras.Model:
    """Train the network.

    Args:
        profiles: float32 [line, distance, 4].
        targets: float32 [line, 2].
        config: How it is trained.
    """
    import keras

    from model.training.networks.writing import build_writing_network, reach_error

    keras.utils.set_random_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    model = build_writing_network()
    model.compile(keras.optimizers.Adam(config.learning_rate), loss=reach_error)
    for epoch in range(config.epochs):
        share = 0.5 * (1 + np.cos(np.pi * epoch / config.epochs))
        model.optimizer.learning_rate.assign(max(config.learning_rate * share, 1e-5))
        changed = [change_profile(*sample, rng, config) for sample in zip(profiles, targets)]
        inputs, wanted = map(np.stack, zip(*changed))
        loss = model.fit(
            normalise_profiles(inputs), wanted, batch_size=config.batch_lines, verbose=0
        ).history["loss"][0]
        print(f"epoch {epoch + 1}/{config.epochs}: error {loss:.3f}", flush=True)
    return model


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status: 0, or 2 for files that cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog=program_name("model.training.lines.writing"),
        description="Train the network that measures how large the writing of a line is.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--train", type=Path, nargs="+", required=True, help="files of pipelines.lines_dataset")
    add("--output", type=Path, required=True, help="ONNX file to write")
    add("--epochs", type=int, default=WritingTrainingConfig.epochs, help="passes over the lines")
    args = parser.parse_args(argv)
    if args.output.exists():
        print(f"{args.output} exists; choose another --output", file=sys.stderr)
        return 2
    try:
        check_backend()
        profiles, targets = read_samples(read_line_pages(tuple(args.train)))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if not len(profiles):
        print("no line with a polygon; give pages that have some", file=sys.stderr)
        return 2
    print(f"{len(profiles)} lines", flush=True)
    from model.training.networks.writing import export_writing_network

    model = train_writing_network(profiles, targets, WritingTrainingConfig(epochs=args.epochs))
    args.output.write_bytes(export_writing_network(model).SerializeToString())
    return 0


if __name__ == "__main__":
    end_process(main)
