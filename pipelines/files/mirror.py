"""Where a page's file goes: the input's tree, once more."""

from __future__ import annotations

from pipelines.formats.names import split_page_uri

# Such a part of a path leads elsewhere, or is none.
_STEPS = {"": "_", ".": "_", "..": "_"}


def common_folder(first: str, last: str) -> str:
    """Find the folder that two URIs share, and all that are sorted between them.

    Example:
        >>> common_folder("d/a/x.jpg", "d/b/x.jpg"), common_folder("d/a1.jpg", "d/a2.jpg")
        ('d/', 'd/')
    """
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[: first.rfind("/", 0, same) + 1]


def mirrored_name(uri: str, folder: str) -> str:
    """Name the file of a page, without extension.

    The image's own extension stays, so that x.jpg and x.png do not meet.

    Args:
        uri: The page.
        folder: Start of the URI that is left out, with its '/'.

    Returns:
        A relative path that stays below wherever it is put.

    Example:
        >>> mirrored_name("d/a/x.jpg", "d/"), mirrored_name("d/scan.pdf#page=3", "d/")
        ('a/x.jpg', 'scan.pdf/page_0003')
        >>> mirrored_name("../x.jpg", ""), mirrored_name("gs://bucket/x.jpg", "")
        ('_/x.jpg', 'gs:/_/bucket/x.jpg')
    """
    file_uri, number = split_page_uri(uri)
    steps = file_uri.removeprefix(folder).split("/")
    if number is not None:
        steps.append(f"page_{number:04d}")
    return "/".join(_STEPS.get(step, step) for step in steps)
