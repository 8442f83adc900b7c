"""Find the transcribed page that each file of the truth belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.descriptions.detect import NotAPage, read_markup
from pipelines.descriptions.pairing import markup_candidates, pairing_key
from pipelines.files.filesystem import input_patterns, read_bytes
from pipelines.formats.names import MARKUP_EXTENSION
from schemas.records import Page

# The folders and the name of a file, without extension, in NFC.
Parts = tuple[str, ...]


def pair_truth(page_uris: Sequence[str], truth: Iterable[str]) -> dict[str, str]:
    """Find the transcribed page of each file of the truth.

    A file has a name that transcribe looks for beside the page. If several pages have that
    name, the one with the most folders in common is taken, compared from the file upwards.

    Args:
        page_uris: The transcribed pages.
        truth: PAGE or ALTO files, folders and globs.

    Returns:
        Page to the file with its truth.

    Raises:
        UsageError: If a file has no page, or may belong to several, or shares one.
    """
    places = _places(page_uris)
    truth_of_page: dict[str, str] = {}
    for path in _truth_files(truth):
        candidates = places.get(_parts(path)[-1], [])
        if not candidates:
            if _describes_no_page(path):
                continue
            raise UsageError(
                f"--truth: {path} has no page of its name in --transcripts; "
                "transcribe that page too, or leave the file out"
            )
        uri = _nearest(path, candidates)
        if uri in truth_of_page:
            raise UsageError(
                f"--truth: {path} has the name of {truth_of_page[uri]}; give one of them"
            )
        truth_of_page[uri] = path
    return truth_of_page


def read_truth(path: str) -> Page:
    """Read the page of a file of the truth.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        return read_markup(read_bytes(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"--truth {path}: {error}") from None


def _truth_files(truth: Iterable[str]) -> list[str]:
    patterns = list(input_patterns(truth, "--truth"))
    found = {
        metadata.path for match in FileSystems.match(patterns) for metadata in match.metadata_list
    }
    files = sorted(path for path in found if path.lower().endswith(MARKUP_EXTENSION))
    if not files:
        raise UsageError(f"--truth: no {MARKUP_EXTENSION} file in it; give PAGE or ALTO files")
    return files


def _describes_no_page(path: str) -> bool:
    try:
        read_markup(read_bytes(path))
    except NotAPage:
        return True
    except (OSError, ValueError):
        return False
    return False


def _places(page_uris: Sequence[str]) -> dict[str, list[tuple[Parts, str]]]:
    """Return by name where the description of a page may be: (parts of its path, page)."""
    places: dict[str, list[tuple[Parts, str]]] = {}
    for uri in page_uris:
        for parts in dict.fromkeys(map(_parts, markup_candidates(uri))):
            places.setdefault(parts[-1], []).append((parts, uri))
    return places


def _nearest(path: str, candidates: list[tuple[Parts, str]]) -> str:
    shared = {uri: 0 for _, uri in candidates}
    for parts, uri in candidates:
        shared[uri] = max(shared[uri], _shared_parts(_parts(path), parts))
    most = max(shared.values())
    nearest = [uri for uri in shared if shared[uri] == most]
    if len(nearest) > 1:
        raise UsageError(
            f"--truth: {path} may belong to {nearest[0]} or {nearest[1]}; keep it in a folder "
            "named like the page's"
        )
    return nearest[0]


def _shared_parts(parts: Parts, others: Parts) -> int:
    pairs = zip(reversed(parts), reversed(others))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _parts(uri: str) -> Parts:
    return tuple(pairing_key(uri.replace("\\", "/")).split("/"))
