"""Flags for the pages of the input: files, manifests, and images on the web."""

from __future__ import annotations

import argparse

from pipelines.cli.options import UsageError
from pipelines.files.web import FetchConfig
from pipelines.formats.iiif.image import WIDTH_PX
from pipelines.pages.listing import PagesConfig

_REQUESTS_PER_SECOND = FetchConfig.requests_per_second


def add_input_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--input`."""
    parser.add_argument(
        "--input",
        nargs="+",
        required=True,
        help="page images, PDFs, folders, quoted globs, IIIF and METS manifests, addresses on the "
        "web, or @FILE with one of these per line",
    )


def add_page_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that `pages_config` reads."""
    add = parser.add_argument_group("manifests and pages on the web").add_argument
    add(
        "--iiif_width_px",
        type=int,
        default=WIDTH_PX,
        help="largest width of an image to request from a IIIF service",
    )
    add(
        "--mets_group",
        default="",
        help="USE of the fileGrp to read; if empty, the one with the largest images",
    )
    add(
        "--requests_per_second",
        type=float,
        default=_REQUESTS_PER_SECOND,
        help="most requests per second to one host; 0 for no limit",
    )


def pages_config(args: argparse.Namespace) -> PagesConfig:
    """Build the configuration from the flags.

    Raises:
        UsageError: If a value is invalid.
    """
    if args.iiif_width_px < 1:
        raise UsageError(
            f"--iiif_width_px {args.iiif_width_px} is not a width; give pixels, such as 3000"
        )
    if not args.requests_per_second >= 0:
        raise UsageError(
            f"--requests_per_second {args.requests_per_second} is not a rate; "
            "give a number, or 0 for no limit"
        )
    fetch = FetchConfig(requests_per_second=args.requests_per_second)
    return PagesConfig(args.iiif_width_px, args.mets_group, fetch)
