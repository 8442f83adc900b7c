"""What a page pays for being decoded in a process of its own, in processor time.

    python -m benchmarks.decoding

Drawn pages are decoded both ways in turns. The processor time of both processes counts, and of each
way the fastest turn, which other programs on the machine hardly change.
"""

from __future__ import annotations

import argparse
import io
import time

import numpy as np
from PIL import Image

from model.images.decode import decode_page_frame
from model.images.digest import exact_key
from model.images.dpi import page_dpi
from pipelines.decoding.images import SharedFile, decode
from pipelines.decoding.pool import await_decoder, decoders_cpu_s

_SIDES_PX = (500, 1_500, 2_200, 5_000)


def main(argv: list[str] | None = None) -> None:
    """Print a line for each size of a page."""
    args = _parser().parse_args(argv)
    await_decoder()
    rng = np.random.default_rng(0)
    for side_px in _SIDES_PX:
        data = _jpeg(rng, side_px)
        both = [(_in_decoder(data), _here(data)) for _ in range(args.turns)]
        apart, here = (1e3 * min(times) for times in zip(*both))
        print(
            f"{side_px**2 / 1e6:5.1f} megapixels, {len(data) / 1e6:.1f} MB: {here:6.1f} ms here, "
            f"{apart:6.1f} ms in a decoder, {apart - here:+.1f} ms"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decoding", description=__doc__)
    parser.add_argument("--turns", type=int, default=60, help="how often each page is decoded")
    return parser


def _jpeg(rng: np.random.Generator, side_px: int) -> bytes:
    """Draw grainy paper, which takes about as many bytes as a scan."""
    small = rng.normal(215, 12, (side_px // 2, side_px // 2)).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((side_px, side_px)).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


def _in_decoder(data: bytes) -> float:
    started, before_s = time.process_time(), decoders_cpu_s()
    exact_key(data)
    frame, _ = decode(SharedFile(data), None, is_paged=False)
    frame.grey.sum()
    return time.process_time() - started + decoders_cpu_s() - before_s


def _here(data: bytes) -> float:
    started = time.process_time()
    exact_key(data)
    file = io.BytesIO(data)
    frame = decode_page_frame(file, 1)
    page_dpi(file)
    frame.grey.sum()
    return time.process_time() - started


if __name__ == "__main__":
    main()
