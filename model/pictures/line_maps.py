"""Visualisation of the output of the line network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from model.segmentation.maps import CHANNELS

_COLUMNS = 4
_JPEG_QUALITY = 80
# BGR colours of the maps.
_COLOURS = {"baseline": (200, 60, 20), "start": (30, 150, 30), "end": (30, 30, 220)}


def draw_maps(images: np.ndarray, logits: np.ndarray, path: Path) -> None:
    """Draw crops of pages with the baselines, starts and ends that the network predicts.

    Args:
        images: float32 [batch, height, width, 1], paper 0.
        logits: float32 [batch, height / 2, width / 2, 5].
        path: JPEG file to write.
    """
    tiles = [tint(image[..., 0], maps) for image, maps in zip(images, logits)]
    while len(tiles) % _COLUMNS:
        tiles.append(np.full_like(tiles[0], 255))
    rows = [np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)]
    ok, data = cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if ok:
        path.write_bytes(data.tobytes())


def tint(ink: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Overlay the maps on one image.

    Args:
        ink: float32 [height, width], paper 0.
        logits: float32 [height / 2, width / 2, 5].

    Returns:
        uint8 [height, width, 3], BGR.
    """
    picture = np.repeat(255 * (1 - 0.6 * ink[..., None]), 3, axis=2)
    probabilities = 1 / (1 + np.exp(-np.clip(logits[..., : len(_COLOURS)], -30, 30)))
    for name, colour in _COLOURS.items():
        alpha = cv2.resize(probabilities[..., CHANNELS.index(name)], ink.shape[::-1])[..., None]
        picture = picture * (1 - 0.7 * alpha) + np.array(colour) * 0.7 * alpha
    return picture.astype(np.uint8)
