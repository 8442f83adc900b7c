"""How far the writing of a line reaches above and below its baseline, measured from the ink.

The distance between lines says how a page is laid out, not how large its writing is: a lonely
line, every third line of a page, or a heading have another distance and the same letters. So a
small network sees how much ink lies at each distance from the baseline. The distances are spaced
evenly on a logarithmic scale, so that larger writing is the same profile, moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from model import DEFAULT_FOLDER
from model.geometry.polylines import arc_lengths, resample, up_normals
from model.line_images.sampling import sample
from model.networks.manifest import check_files
from model.networks.session import check_shape, input_shapes, open_session, output_shapes

WRITING_FILE = "writing.onnx"
# Increment with each change to what the network sees.
PROFILE_VERSION = 1

DISTANCES_PX = np.geomspace(1.5, 420.0, 52).astype(np.float32)
# Distances from the baseline at which a page is sampled, from above to below.
_OFFSETS_PX = np.concatenate([DISTANCES_PX[::-1], -DISTANCES_PX])
_COLUMN_PX, _LEAST_COLUMNS, _MOST_COLUMNS = 3.0, 24, 500
_PAPER = 255
# Ink darker than this counts no more: a blot or a rule is no better evidence than a stroke.
_DARKEST = 128.0
_IS_INK = 48.0
# Mean ink at the distance with most of it, below which nothing was written.
_FAINTEST = 0.03

# From float32 [line, distance, 4] of profiles to float32 [line, 2] of natural logarithms of the
# reach above and below, in pixels.
Network = Callable[[np.ndarray], np.ndarray]


def load_writing_network(path: Path) -> Network:
    """Return the network in an ONNX file.

    Raises:
        ValueError: If the file holds no such network.
    """
    session = open_session(path)
    check_shape(path, "profiles", input_shapes(session), (None, len(DISTANCES_PX), 4))
    check_shape(path, "log_reach", output_shapes(session), (None, 2))
    return lambda profiles: session.run(["log_reach"], {"profiles": profiles})[0]


@cache
def default_writing_network() -> Network:
    """Return the network that comes with the package, loaded once a process.

    Raises:
        ValueError: If it is damaged.
    """
    check_files(DEFAULT_FOLDER, [WRITING_FILE], [WRITING_FILE])
    return load_writing_network(DEFAULT_FOLDER / WRITING_FILE)


def measure_reaches(
    evened: np.ndarray, paths: Sequence[np.ndarray | None], network: Network
) -> np.ndarray:
    """Measure how far the writing of each line reaches from its baseline.

    Args:
        evened: uint8 [height_px, width_px], paper 255.
        paths: float [n, 2] each, baselines; None for a line without one.
        network: From `load_writing_network`.

    Returns:
        float64 [line, 2], reach above and below in pixels; NaN for a line without ink, outside
        of the page, or without a baseline.
    """
    reaches = np.full((len(paths), 2), np.nan)
    profiles = {}
    for place, path in enumerate(paths):
        profile = None if path is None else ink_profile(evened, path)
        if profile is not None and profile.max() >= _FAINTEST:
            profiles[place] = normalise_profiles(profile)
    if profiles:
        reaches[list(profiles)] = np.exp(network(np.stack(list(profiles.values()))))
    return reaches


def ink_profile(evened: np.ndarray, path: np.ndarray) -> np.ndarray | None:
    """Measure the ink at each of `DISTANCES_PX` from a baseline.

    Args:
        evened: uint8 [height_px, width_px], paper 255.
        path: float [n, 2], the baseline.

    Returns:
        float32 [distance, 4] in 0..1: mean ink and share of inked columns above the baseline,
        and the same below it. None for a path of no length, or outside of the page.
    """
    length_px = arc_lengths(path)[-1]
    if length_px <= 0:
        return None
    columns = int(np.clip(length_px / _COLUMN_PX, _LEAST_COLUMNS, _MOST_COLUMNS))
    centres = resample(path, (np.arange(columns) + 0.5) * length_px / columns).astype(np.float32)
    up = up_normals(centres).astype(np.float32)
    try:
        seen = sample(evened, centres[None] + _OFFSETS_PX[:, None, None] * up[None])
    except ValueError:
        return None
    ink = _PAPER - seen.astype(np.float32)
    both = np.stack([np.minimum(ink, _DARKEST).mean(1) / _DARKEST, (ink > _IS_INK).mean(1)], 1)
    above, below = both[: len(DISTANCES_PX)][::-1], both[len(DISTANCES_PX) :]
    return np.concatenate([above, below], axis=1).astype(np.float32)


def normalise_profiles(profiles: np.ndarray) -> np.ndarray:
    """Scale profiles to a maximum of 1: faint ink is written as large as black ink.

    Args:
        profiles: float32 [..., distance, 4].
    """
    return profiles / np.maximum(profiles.max(axis=(-2, -1), keepdims=True), 1e-3)
