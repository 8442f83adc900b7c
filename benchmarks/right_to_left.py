"""Draw lines that run from right to left, and the same as they would run from left to right.

    python -m benchmarks.right_to_left FOLDER --font AMIRI.TTF --script arabic

writes three folders of line images with their texts, to train a model on each:

- `right`: the lines, with their texts in logical order;
- `left`: their mirror images, with a Latin letter in place of each letter, in the order of the ink;
- `unordered`: the lines with the Latin letters in logical order, which a program learns that
  takes the first letter for the leftmost.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps, features

from model.text.bidi import ink_order

_LETTERS = {
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשתםןףץך",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةى",
}
# Enough letters for both scripts, none of which is changed by normalisation.
_LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHARE_OF_NUMBERS = 0.1
_WORDS_IN_USE = 400
_MOST_CHARACTERS = 28


def main() -> None:
    """Draw the lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--font", type=Path, nargs="+", required=True, help="with such letters")
    parser.add_argument("--script", choices=sorted(_LETTERS), required=True)
    parser.add_argument("--count", type=int, default=1000, help="lines")
    args = parser.parse_args()
    if not features.check("raqm"):
        raise SystemExit("this Pillow cannot join letters; install one with raqm")
    rng = np.random.default_rng(0)
    letters = _LETTERS[args.script]
    words = [_word(letters, rng) for _ in range(_WORDS_IN_USE)]
    fonts = [ImageFont.truetype(str(path), 40) for path in args.font]
    for name in ("right", "left", "unordered"):
        Path(args.output, name).mkdir(parents=True)
    for number in range(args.count):
        text = _line(words, rng)
        image = _draw(text, fonts[number % len(fonts)], rng)
        latin = text.translate(str.maketrans(letters, _LATIN[: len(letters)]))
        mirrored = ink_order(text)[::-1].translate(str.maketrans(letters, _LATIN[: len(letters)]))
        for name, picture, said in (
            ("right", image, text),
            ("left", ImageOps.mirror(image), mirrored),
            ("unordered", image, latin),
        ):
            path = args.output / name / f"{number:05}.png"
            picture.save(path)
            path.with_suffix(".txt").write_text(said, "utf-8")


def _word(letters: str, rng: np.random.Generator) -> str:
    return "".join(rng.choice(list(letters), rng.integers(2, 8)))


def _line(words: list[str], rng: np.random.Generator) -> str:
    """Return words, frequent ones more often, and numbers."""
    line: list[str] = []
    while True:
        is_number = bool(line) and rng.random() < _SHARE_OF_NUMBERS
        rank = int(len(words) ** rng.random()) - 1
        line.append(str(rng.integers(1, 2000)) if is_number else words[rank])
        if sum(map(len, line)) + len(line) > _MOST_CHARACTERS:
            return " ".join(line[:-1] or line)


def _draw(text: str, font: ImageFont.FreeTypeFont, rng: np.random.Generator) -> Image.Image:
    """Draw a line from right to left on grainy paper, a little slanted."""
    left, top, right, bottom = font.getbbox(text, direction="rtl")
    size_px = right - left + 40, bottom - top + 30
    image = Image.new("L", size_px, 0)
    ImageDraw.Draw(image).text((20 - left, 15 - top), text, 255, font=font, direction="rtl")
    image = image.rotate(rng.uniform(-0.7, 0.7), Image.Resampling.BICUBIC)
    ink = np.asarray(image, np.float32) / 255 * rng.uniform(0.6, 0.9)
    paper = rng.uniform(200, 235) + rng.normal(0, 4, ink.shape)
    return Image.fromarray(np.clip(paper * (1 - ink), 0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
