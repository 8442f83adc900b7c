"""The networks that come with Quire, which find the lines of a page and measure its writing."""

from __future__ import annotations

from model.line_images.writing import default_writing_network
from model.segmentation.finder import default_line_network
from pipelines.cli.options import UsageError


def check_page_networks() -> None:
    """Check that they are whole, before the first page.

    Raises:
        UsageError: If a file of theirs is missing or damaged.
    """
    try:
        default_line_network()
        default_writing_network()
    except ValueError as error:
        raise UsageError(str(error)) from None
