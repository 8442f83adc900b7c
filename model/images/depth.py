"""From samples of any depth to bytes."""

from __future__ import annotations

import numpy as np

_FULL_16 = 65535
# Depths that cameras and scanners store in samples of 16 bits, besides 8 and all 16.
_STORED_BITS = (10, 12)
# What 8 bits are multiplied by to fill 16.
_OF_BYTES = (256, 257)
# Where floating-point samples end: resampling overshoots a little.
_FLOAT_RANGES = (1.0, 255.0, 65535.0)
_OVERSHOOT = 1.5


def white_level(samples: np.ndarray, stated: float = 0.0) -> float:
    """Return the value of full white, or of full ink where 0 is white.

    A file states the size of its samples, not how many of their bits are used:

    - Where the file states the greatest value (SMaxSampleValue, MaxSampleValue, WhiteLevel) as
      2^n - 1, n is the depth. Any other stated value only says that samples may be as large.
    - Integers up to 255 are of 8 bits, up to 1,023 of 10, up to 4,095 of 12; all others use the
      full size. But where all are multiples of 256, or all of 257, the page had 8 bits and is a
      dark one, which keeps the full size, so that it stays dark.
    - Floating-point samples end at 1, 255 or 65,535.

    Args:
        samples: Integers or floats, any shape.
        stated: The greatest value that the file states; 0 for none.

    Returns:
        The level, greater than 0.

    Example:
        >>> white_level(np.arange(1000, dtype=np.uint16)), white_level(np.float32([0.2, 1.01]))
        (1023.0, 1.0)
        >>> white_level(np.arange(0, 4000, 257, dtype=np.uint16))
        65535.0
    """
    most = max(_greatest(samples), 0.0)
    if samples.dtype.kind == "f":
        return _float_range(most, stated)
    size_bits = 8 * samples.dtype.itemsize - (samples.dtype.kind == "i")
    if stated >= most and _bits_of(stated) in range(9, size_bits + 1):
        return float(stated)
    most = max(most, min(stated, 2.0**size_bits - 1))
    if most <= 255:
        return 255.0
    for bits in _STORED_BITS:
        if most <= 2**bits - 1:
            is_dark = any(not (samples % factor).any() for factor in _OF_BYTES)
            return float(_FULL_16) if is_dark else 2.0**bits - 1
    # Integers of 32 bits often hold 16.
    return float(_FULL_16) if most <= _FULL_16 and size_bits != 15 else 2.0**size_bits - 1


def to_bytes(samples: np.ndarray, white: float) -> np.ndarray:
    """Scale samples to 0..255.

    Args:
        samples: Integers or floats, any shape. What is no number is white.
        white: Value that becomes 255.

    Returns:
        uint8 of the same shape.

    Example:
        >>> to_bytes(np.float32([0, 0.5, 1.2, np.nan]), 1.0).tolist()
        [0, 127, 255, 255]
    """
    scaled = samples.astype(np.float32) * np.float32(255.0 / white)
    return np.clip(np.nan_to_num(scaled, copy=False, nan=255.0), 0, 255).astype(np.uint8)


def composed(grey: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """Lay an image on white paper.

    Args:
        grey: uint8 [height_px, width_px].
        opacity: Integers or floats of the same shape. They have a range of their own: an image of
            10 bits is often opaque by 16.

    Returns:
        uint8 [height_px, width_px].

    Example:
        >>> composed(np.uint8([[40, 40]]), np.uint8([[0, 255]])).tolist()
        [[255, 40]]
    """
    share = to_bytes(opacity, white_level(opacity)) / np.float32(255)
    return np.rint(255 - (255 - grey) * share).astype(np.uint8)


def _greatest(samples: np.ndarray) -> float:
    if samples.dtype.kind != "f":
        return float(samples.max(initial=0))
    finite = samples[np.isfinite(samples)]
    return float(finite.max(initial=0))


def _float_range(most: float, stated: float) -> float:
    if stated > 0 and stated * _OVERSHOOT >= most:
        return stated
    return next((end for end in _FLOAT_RANGES if most <= end * _OVERSHOOT), most)


def _bits_of(stated: float) -> int:
    """Return n where a number is 2^n - 1, else 0."""
    number = int(stated)
    return number.bit_length() if number == stated and number & (number + 1) == 0 else 0
