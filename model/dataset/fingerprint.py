"""Fingerprints of images: exact ones, and one that near-duplicates of a line share.

The same line re-encoded, rescaled or cut a pixel or two differently has to be found among
a million others without comparing all pairs. `perceptual_bands` gives keys to group by, of
which near-duplicates share at least one (locality-sensitive hashing, Indyk and Motwani
1998, over the signs of low DCT coefficients, as in pHash). `are_near_duplicates` then
judges the few pairs that met, by the correlation of two thumbnails: bits with a Hamming
threshold tell short lines of one hand apart far less well.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np

# All lengths below are in pixels of a strip scaled to this height.
_HEIGHT_PX = 32
# Ink darker than paper by less than the first is none, by more than the second is full.
_INK_FROM, _INK_FULL = 48.0, 160.0
_INK_OF_GREY = np.clip((255 - np.arange(256) - _INK_FROM) / (_INK_FULL - _INK_FROM), 0, 1).astype(
    np.float32
)
_LEAST_INK_PX = 8.0

# The thumbnail: the rows that letters reach, over the whole width.
_COLUMNS, _ROWS = 64, 16
_TOP_PX, _BOTTOM_PX = 4.0, 30.0
_LEVELS = 15
_SOFT = np.array([1, 2, 1], np.float32) / 4
_SHIFTS = tuple((dy, dx) for dy in (0, -1, 1) for dx in (0, -1, 1, -2, 2))
# Width against the largest 1 - correlation; measured, see `are_near_duplicates`.
_WIDTHS_PX = 40.0, 80.0, 120.0, 320.0
_LARGEST_DISTANCES = 0.01, 0.06, 0.10, 0.14
_WIDTH_TOLERANCE, _WIDTH_TOLERANCE_PX = 0.08, 2.0

# The bands: signs of the coefficients of 24 horizontal by 3 vertical waves.
_WAVES_ACROSS, _WAVES_DOWN = 24, 3
_BITS = _WAVES_ACROSS * _WAVES_DOWN
_BITS_IN_BAND = 18
# Band i takes the bits first + k * stride; the strides have no factor in common with _BITS.
_BAND_STRIDES = ((0, 1), (20, 1), (40, 1), (0, 5), (28, 5), (3, 7), (11, 7), (5, 11))
_BAND_HALF_HEIGHT_PX = 10.0
_WIDTH_STEP = 0.15
_CENTRING_START_PX, _CENTRING_SIGMA_PX, _CENTRING_ROUNDS = 18.0, 5.0, 6
# Below the first width all of the shift along the line is taken out, above the second none.
_SHORT_PX, _LONG_PX = 80.0, 240.0


def perceptual_key(strip: np.ndarray) -> bytes:
    """Make the thumbnail that `are_near_duplicates` compares.

    Args:
        strip: uint8 [height_px, width_px], a rectified line, paper 255.

    Returns:
        514 bytes: the width (uint16, little endian; for a height of 32 px) and 16 rows of
        64 cells of 4 bits; empty where there is no ink to go by.
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
    """Tell whether two lines are one line, encoded, scaled or cut differently.

    Their widths may differ by 8 % and 4 px, for a height of 64 px as all that follows. The
    thumbnails are laid over each other with shifts of up to two cells along and one cell
    across the line; 1 - correlation may reach 0.14 from a width of 640 px, 0.10 at 240 px,
    0.06 at 160 px and 0.01 at 80 px and below: what one hand writes twice looks much the
    same, and so do 46 and 48. A page number is found again after other encoding or scaling,
    not after a shift.

    Args:
        key: Key of one line, from `perceptual_key`.
        other_key: Key of the other.

    Returns:
        Whether they are; False if either has no ink to go by.

    Raises:
        ValueError: If a key is not one of `perceptual_key`'s.
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
    """Give keys to group lines by, of which near-duplicates share at least one.

    The line is brought to its vertical centre of ink, a short one to its horizontal one
    too, and described by the signs of 72 low DCT coefficients. Each band has 18 of them
    and the width in steps of 15 %, which start elsewhere in each band.

    Args:
        strip: uint8 [height_px, width_px], a rectified line, paper 255.

    Returns:
        8 keys, each naming its band; none where there is no ink to go by.
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
    """Turn a strip into float32 [32, width_px] of ink 0..1; None where there is hardly any."""
    height, width = strip.shape
    size = max(1, round(width * _HEIGHT_PX / height)), _HEIGHT_PX
    # Ink first, size second: the other way round a shift by one pixel would change the ink.
    ink = cv2.LUT(cv2.blur(strip, (3, 3)), _INK_OF_GREY)
    ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    return ink if ink.sum() >= _LEAST_INK_PX else None


def _cell_sums(ink: np.ndarray, ys_px: np.ndarray, xs_px: np.ndarray) -> np.ndarray:
    """Sum the ink between grid lines that may lie between pixels: float32 [rows, columns]."""
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
    """Find the row around which most ink lies; neighbours at the edges hardly count."""
    mass, rows = ink.sum(axis=1), np.arange(_HEIGHT_PX) + 0.5
    centre = _CENTRING_START_PX
    for _ in range(_CENTRING_ROUNDS):
        near = mass * np.exp(-0.5 * ((rows - centre) / _CENTRING_SIGMA_PX) ** 2)
        if near.sum() < 1e-3:
            return centre
        centre = float((near * rows).sum() / near.sum())
    return centre


def _left_edge(ink: np.ndarray) -> float:
    """Find where a window as wide as the strip starts, so that its ink is centred.

    The centre of ink of a long line moves with every stain: there the strip's edge is better.
    """
    width_px = ink.shape[1]
    mass = ink.sum(axis=0)
    centre = float((mass * (np.arange(width_px) + 0.5)).sum() / mass.sum())
    share = np.clip((_LONG_PX - width_px) / (_LONG_PX - _SHORT_PX), 0, 1)
    return float(share * (centre - width_px / 2))


def _read_key(key: bytes) -> tuple[int, np.ndarray]:
    """Read the width and float32 [16, 64] out of a key."""
    if len(key) != 2 + _COLUMNS * _ROWS // 2:
        raise ValueError(f"key of {len(key)} bytes is not from perceptual_key; make it anew")
    pairs = np.frombuffer(key, np.uint8, offset=2)
    levels = np.stack([pairs >> 4, pairs & 15], axis=1)
    return struct.unpack_from("<H", key)[0], levels.reshape(_ROWS, _COLUMNS).astype(np.float32)


def _shifted(cells: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """Take the part that overlaps when cells are moved against others."""
    rows, columns = cells.shape
    return cells[max(0, dy) : rows + min(0, dy), max(0, dx) : columns + min(0, dx)]


def _distance(cells: np.ndarray, other: np.ndarray) -> float:
    """Compute 1 - correlation, each row by its own mean: how lines lie in rows is no news."""
    a = cells - cells.mean(axis=1, keepdims=True)
    b = other - other.mean(axis=1, keepdims=True)
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return 1.0 if norm < 1e-6 else 1.0 - float((a * b).sum()) / norm
