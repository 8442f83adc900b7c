"""Flags that say how lines are read."""

from __future__ import annotations

import argparse

# As `model` has them, whose modules `--help` need not wait for.
BALANCED = "balanced"
QUALITIES = ("fast", BALANCED, "best")
PRECISIONS = ("fp32", "int8")
DECODINGS = ("greedy", "beam")
AUTO_LANGUAGE = "auto"


def add_reading_flags(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup, quality: str = BALANCED
) -> None:
    """Add `--quality`, `--precision`, `--decoding` and `--language`.

    Args:
        parser: The parser, or a group of it.
        quality: Default of `--quality`; `argparse.SUPPRESS` to leave it out of the namespace.
    """
    parser.add_argument(
        "--quality",
        choices=QUALITIES,
        default=quality,
        help="fast: greedily, in int8; balanced: by beam search, in int8, with a quarter fewer "
        f"errors for a quarter more time; best: by beam search, in fp32 (default: {BALANCED})",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="of the network: int8 is faster, fp32 a little more accurate (default: that of "
        "--quality)",
    )
    parser.add_argument(
        "--decoding",
        choices=DECODINGS,
        help="greedy: the most probable label at each time step; beam: a search with the model's "
        "language model (default: that of --quality)",
    )
    parser.add_argument(
        "--language",
        default=argparse.SUPPRESS if quality is argparse.SUPPRESS else AUTO_LANGUAGE,
        help="language of all pages, such as fr: one that the model has a language model of; auto: "
        "that of each page, as far as it has one; none: read greedily (default: auto)",
    )
