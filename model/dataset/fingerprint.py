"""Perceptual fingerprints of line images, for the search for near-duplicates.

The same line re-encoded, rescaled or cropped a pixel or two differently has to be found among a
million others without comparing all pairs. `perceptual_bands` returns keys of which near-duplicates
share at least one (locality-sensitive hashing, Indyk and Motwani 1998, over the signs of low DCT
coefficients, as in pHash). `are_near_duplicates` then compares the few candidate pairs by the
correlation of two thumbnails, which distinguishes short lines of one hand far better than the
Hamming distance of hash bits.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np

# All lengths below are in pixels of a line image scaled to this height.
_HEIGHT_PX = 32
# Contrast to paper (grey levels) below the first counts as no ink, above the second as full ink.
_INK_FROM, _INK_FULL = 48.0, 160.0
_INK_OF_GREY = np.clip((255 - np.arange(256) - _INK_FROM) / (_INK_FULL - _INK_FROM), 0, 1).astype(
    np.float32
)
_LEAST_INK_PX = 8.0

# The thumbnail covers the rows that letters reach, over the whole width.
_COLUMNS, _ROWS = 64, 16
_TOP_PX, _BOTTOM_PX = 4.0, 30.0
_LEVELS = 15
_SOFT = np.array([1, 2, 1], np.float32) / 4
_SHIFTS = tuple((dy, dx) for dy in (0, -1, 1) for dx in (0, -1, 1, -2, 2))
# Largest distance (1 - correlation) of near-duplicates by width; measured.
_WIDTHS_PX = 40.0, 80.0, 120.0, 320.0
_LARGEST_DISTANCES = 0.01, 0.06, 0.10, 0.14
_WIDTH_TOLERANCE, _WIDTH_TOLERANCE_PX = 0.08, 2.0

# The bands: signs of the DCT coefficients of 24 horizontal by 3 vertical frequencies.
_WAVES_ACROSS, _WAVES_DOWN = 24, 3
_BITS = _WAVES_ACROSS * _WAVES_DOWN
_BITS_IN_BAND = 18
# Band i takes the bits first + k * stride modulo _BITS; all strides are coprime to _BITS.
_BAND_STRIDES = ((0, 1), (20, 1), (40, 1), (0, 5), (28, 5), (3, 7), (11, 7), (5, 11))
_BAND_HALF_HEIGHT_PX = 10.0
_WIDTH_STEP = 0.15
_CENTRING_START_PX, _CENTRING_SIGMA_PX, _CENTRING_ROUNDS = 18.0, 5.0, 6
# Lines up to the first width are centred on their ink horizontally, lines above the second not.
_SHORT_PX, _LONG_PX = 80.0, 240.0


def perceptual_key(strip: np.ndarray) -> bytes:
    """Return the thumbnail that `are_near_duplicates` compares.

    Args:
        strip: uint8 [height_px, width_px], a rectified line image, paper 255.

    Returns:
        514 bytes: the width (uint16, little endian; for a height of 32 px) and 16 rows of
        64 cells of 4 bits; empty if there is too little ink.
    """
    ink = _ink(strip)
    if ink is None:
        return b""
    width_px = ink.shape[1]
    cells = _cell_sums(
        ink,
        np.linspace(_TOP_PX, _BOTTOM_PX, _ROWS + 1),
        np.linspace(0, width_px, _COLUMNS + 1),
    )
    soft = cv2.sepFilter2D(cells, -1, _SOFT, _SOFT, borderType=cv2.BORDER_CONSTANT)
    levels = np.round(soft * (_LEVELS / max(soft.max(), 1e-6))).astype(np.uint8).ravel()
    return struct.pack("<H", min(width_px, 65535)) + (levels[::2] << 4 | levels[1::2]).tobytes()


def are_near_duplicates(key: bytes, other_key: bytes) -> bool:
    """Return whether two line images show one line, encoded, scaled or cropped differently.

    All widths here are for a height of 64 px. The widths of the two may differ by 8 % plus 4 px.
    The thumbnails are compared with shifts of up to two cells along and one cell across the line;
    1 - correlation may reach 0.14 from a width of 640 px on, 0.10 at 240 px, 0.06 at 160 px, and
    0.01 at 80 px and below, because short texts of one hand, such as 46 and 48, look much alike. So
    a page number is found after re-encoding or rescaling, but not after a shift.

    Args:
        key: Key of one line, from `perceptual_key`.
        other_key: Key of the other.

    Returns:
        Whether they are near-duplicates; False if either has too little ink.

    Raises:
        ValueError: If a key is not from `perceptual_key`.
    """
    if not key or not other_key:
        return False
    (width_px, cells), (other_width_px, other_cells) = _read_key(key), _read_key(other_key)
    wider_px = max(width_px, other_width_px)
    if abs(width_px - other_width_px) > _WIDTH_TOLERANCE * wider_px + _WIDTH_TOLERANCE_PX:
        return False
    largest = float(np.interp(wider_px, _WIDTHS_PX, _LARGEST_DISTANCES))
    return any(
        _distance(_shifted(cells, dy, dx), _shifted(other_cells, -dy, -dx)) <= largest
        for dy, dx in _SHIFTS
    )


def perceptual_bands(strip: np.ndarray) -> tuple[str, ...]:
    """Return keys to group lines by, of which near-duplicates share at least one.

    The line is centred on its ink vertically, a short one horizontally too, and described by the
    signs of 72 low DCT coefficients. Each band consists of 18 of them and of the width in steps of
    15 %, with an offset that differs between bands.

    Args:
        strip: uint8 [height_px, width_px], a rectified line image, paper 255.

    Returns:
        8 keys, each prefixed with its band; empty if there is too little ink.
    """
    ink = _ink(strip)
    if ink is None:
        return ()
    width_px = ink.shape[1]
    centre_px, left_px = _ink_centre(ink), _left_edge(ink)
    reach = _BAND_HALF_HEIGHT_PX
    cells = _cell_sums(
        ink,
        np.linspace(centre_px - reach, centre_px + reach, 9),
        np.linspace(left_px, left_px + width_px, _COLUMNS + 1),
    )
    bits = (cv2.dct(cells)[:_WAVES_DOWN, 1 : _WAVES_ACROSS + 1] > 0).ravel()
    keys = []
    for band, (first, stride) in enumerate(_BAND_STRIDES):
        chosen = bits[(first + stride * np.arange(_BITS_IN_BAND)) % _BITS]
        pattern = int("".join("01"[int(bit)] for bit in chosen), 2)
        width_class = int(np.log(width_px) / _WIDTH_STEP + band / len(_BAND_STRIDES))
        keys.append(f"{band}:{width_class}:{pattern:05x}")
    return tuple(keys)


def _ink(strip: np.ndarray) -> np.ndarray | None:
    """Return the ink of a line image, float32 [32, width_px], 0..1; None if there is too little."""
    height, width = strip.shape
    size = max(1, round(width * _HEIGHT_PX / height)), _HEIGHT_PX
    # Ink before scaling: in the other order a shift by one pixel would change the ink.
    ink = cv2.LUT(cv2.blur(strip, (3, 3)), _INK_OF_GREY)
    ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    return ink if ink.sum() >= _LEAST_INK_PX else None


def _cell_sums(ink: np.ndarray, ys_px: np.ndarray, xs_px: np.ndarray) -> np.ndarray:
    """Return the ink between grid lines at subpixel positions, float32 [rows, columns]."""
    height, width = ink.shape
    ys, xs = np.clip(ys_px, 0, height), np.clip(xs_px, 0, width)
    rows = np.minimum(ys.astype(int), height - 1)
    columns = np.minimum(xs.astype(int), width - 1)
    down, right = (ys - rows)[:, None], xs - columns
    total = cv2.integral(ink)
    upper = total[rows][:, columns] * (1 - right) + total[rows][:, columns + 1] * right
    lower = total[rows + 1][:, columns] * (1 - right) + total[rows + 1][:, columns + 1] * right
    corners = upper * (1 - down) + lower * down
    return np.diff(np.diff(corners, axis=0), axis=1).astype(np.float32)


def _ink_centre(ink: np.ndarray) -> float:
    """Return the vertical centre of ink, weighted so that neighbouring lines hardly count."""
    mass, rows = ink.sum(axis=1), np.arange(_HEIGHT_PX) + 0.5
    centre = _CENTRING_START_PX
    for _ in range(_CENTRING_ROUNDS):
        near = mass * np.exp(-0.5 * ((rows - centre) / _CENTRING_SIGMA_PX) ** 2)
        if near.sum() < 1e-3:
            return centre
        centre = float((near * rows).sum() / near.sum())
    return centre


def _left_edge(ink: np.ndarray) -> float:
    """Return the left edge of a window as wide as the line that is centred on the ink.

    For long lines the edge of the image itself is used: a stain may move the centre of their ink.
    """
    width_px = ink.shape[1]
    mass = ink.sum(axis=0)
    centre = float((mass * (np.arange(width_px) + 0.5)).sum() / mass.sum())
    share = np.clip((_LONG_PX - width_px) / (_LONG_PX - _SHORT_PX), 0, 1)
    return float(share * (centre - width_px / 2))


def _read_key(key: bytes) -> tuple[int, np.ndarray]:
    """Return the width and the thumbnail, float32 [16, 64], of a key."""
    if len(key) != 2 + _COLUMNS * _ROWS // 2:
        raise ValueError(f"key of {len(key)} bytes is not from perceptual_key; compute it again")
    pairs = np.frombuffer(key, np.uint8, offset=2)
    levels = np.stack([pairs >> 4, pairs & 15], axis=1)
    return struct.unpack_from("<H", key)[0], levels.reshape(_ROWS, _COLUMNS).astype(np.float32)


def _shifted(cells: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """Return the part of a thumbnail that overlaps another one shifted against it."""
    rows, columns = cells.shape
    return cells[max(0, dy) : rows + min(0, dy), max(0, dx) : columns + min(0, dx)]


def _distance(cells: np.ndarray, other: np.ndarray) -> float:
    """Return 1 - correlation, with the mean of each row removed: all lines share their profile."""
    a = cells - cells.mean(axis=1, keepdims=True)
    b = other - other.mean(axis=1, keepdims=True)
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return 1.0 if norm < 1e-6 else 1.0 - float((a * b).sum()) / norm
