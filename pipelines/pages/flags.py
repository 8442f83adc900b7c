"""Flags for the pages of the input: files, manifests, and images on the web."""

from __future__ import annotations

import argparse
from contextlib import suppress

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import list_entries
from pipelines.files.hosts import HostRules, hosts_in
from pipelines.files.web import FetchConfig
from pipelines.formats.addresses import clean_address, is_address
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
    add(
        "--allow_hosts",
        nargs="+",
        default=[],
        metavar="HOST",
        help="further hosts that manifests may name, besides those of --input: images.example.org, "
        "'*.example.org' or '*'; those of inner networks only by name",
    )


def _named_hosts(inputs: list[str]) -> tuple[str, ...]:
    """Return the hosts of the addresses in --input, and of those in its lists."""
    addresses = []
    for one in inputs:
        # What is wrong with a list is said where it is read.
        with suppress(OSError, ValueError):
            entries = list_entries(one[1:]) if one.startswith("@") else [one]
            addresses += [clean_address(entry) for entry in entries if is_address(entry)]
    return hosts_in(addresses)


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
    hosts = HostRules(_named_hosts(args.input), tuple(args.allow_hosts))
    fetch = FetchConfig(requests_per_second=args.requests_per_second, hosts=hosts)
    return PagesConfig(args.iiif_width_px, args.mets_group, fetch)
