"""The flags that say where pages come from: files, manifests, the web."""

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
        help="page images, PDFs, folders, quoted globs, IIIF and METS manifests, addresses, "
        "or @FILE that lists such",
    )


def add_page_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that `pages_config` reads."""
    add = parser.add_argument_group("manifests and pages on the web").add_argument
    add("--iiif_width_px", type=int, default=WIDTH_PX, help="widest image to ask for")
    add(
        "--mets_group", default="", help="USE of the fileGrp to read; by default the largest images"
    )
    add(
        "--requests_per_second",
        type=float,
        default=_REQUESTS_PER_SECOND,
        help="most that a worker process sends to one host; 0: any",
    )


def pages_config(args: argparse.Namespace) -> PagesConfig:
    """Build the configuration from the flags.

    Raises:
        UsageError: If a value cannot be used.
    """
    if args.iiif_width_px < 1:
        raise UsageError(f"--iiif_width_px {args.iiif_width_px} is no width; give some 3000")
    if not args.requests_per_second >= 0:
        raise UsageError(f"--requests_per_second {args.requests_per_second} is less than none")
    fetch = FetchConfig(requests_per_second=args.requests_per_second)
    return PagesConfig(args.iiif_width_px, args.mets_group, fetch)
