"""What an export holds, as it says itself, so that a later one can update it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from pipelines.cli.options import UsageError
from pipelines.exporting.config import ExportConfig
from pipelines.files.filesystem import read_bytes

LIST = ".quire-files"
# Settings that an update may not change, and their flags.
_FLAGS = {
    "formats": "--to",
    "target": "--for",
    "page_version": "--page_version",
    "is_zipped": "--zip",
    "per": "--per",
    "frame": "--frame",
    "language": "--language",
    "iiif_base": "--iiif_base",
    "selection": "--page, --collection or --where",
    "is_corrected": "--corrected",
}


@dataclass(frozen=True)
class Listing:
    """The files of an export, and what they were made of.

    Attributes:
        settings: Those of the settings that all its files depend on.
        files: Path of each file, to the page that it is of; empty for a file of several.
        pages: Each page that is complete, to what it was made of.
        wholes: Path of each complete file of several pages, to what it was made of.
    """

    settings: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    wholes: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the file that `read_listing` reads."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=0)
        return text.encode("utf-8", "surrogateescape")


def read_listing(folder: str) -> Listing:
    """Return what an export says of itself; nothing where it does not."""
    try:
        stated = json.loads(read_bytes(f"{folder}/{LIST}").decode("utf-8", "surrogateescape"))
        return Listing(**stated)
    except (OSError, ValueError, TypeError):
        return Listing()


def settings_of(config: ExportConfig) -> dict[str, object]:
    """Return the settings that all files of an export depend on, as JSON has them.

    Example:
        >>> settings_of(ExportConfig("t", "o", ("text", "page")))["formats"]
        ['page', 'text']
    """
    stated = asdict(config)
    chosen = {name: stated[name] for name in _FLAGS} | {"formats": sorted(config.formats)}
    return json.loads(json.dumps(chosen))


def check_settings(before: Listing, config: ExportConfig) -> None:
    """Check that an export is updated with the settings that it was written with.

    Raises:
        UsageError: If one differs.
    """
    settings = settings_of(config)
    differing = [
        flag
        for name, flag in _FLAGS.items()
        if before.settings.get(name, settings[name]) != settings[name]
    ]
    if differing:
        raise UsageError(
            f"{config.output} was written with another {', '.join(differing)}; give the same to "
            "update it, or --overwrite without --changed_since to write it anew"
        )
