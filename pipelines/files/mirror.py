"""Names of output files: they mirror the folders of the input."""

from __future__ import annotations

from pipelines.formats.names import page_stem, split_extension, split_page_uri

# Parts of a path that are empty or would lead out of the folder.
_REPLACED_PARTS = {"": "_", ".": "_", "..": "_"}


def common_folder(first: str, last: str) -> str:
    """Return the folder shared by two URIs, and so by all that sort between them.

    Example:
        >>> common_folder("d/a/x.jpg", "d/b/x.jpg"), common_folder("d/a1.jpg", "d/a2.jpg")
        ('d/', 'd/')
    """
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[: first.rfind("/", 0, same) + 1]


def mirrored_name(uri: str, folder: str) -> str:
    """Return the name of a page's output file, without its extension.

    The extension of the image stays, so that x.jpg and x.png do not collide. A page of a file of
    several has the name of the file and its number: laid beside that file, what describes it is
    found by all commands.

    Args:
        uri: The page.
        folder: Prefix of the URI to remove, with its '/'.

    Returns:
        A relative path that does not lead out of the folder it is joined to.

    Example:
        >>> mirrored_name("d/a/x.jpg", "d/"), mirrored_name("d/scan.pdf#page=3", "d/")
        ('a/x.jpg', 'scan.pdf_0003')
        >>> mirrored_name("../x.jpg", ""), mirrored_name("gs://bucket/x.jpg", "")
        ('_/x.jpg', 'gs:/_/bucket/x.jpg')
    """
    file_uri, number = split_page_uri(uri)
    return _inside(page_stem(file_uri, number).removeprefix(folder))


def plain_name(uri: str, folder: str) -> str:
    """Return the name of a page's output file as `mirrored_name`, without the image's extension.

    Example:
        >>> plain_name("d/a/x.jpg", "d/"), plain_name("d/scan.pdf#page=3", "d/")
        ('a/x', 'scan_0003')
    """
    file_uri, number = split_page_uri(uri)
    return _inside(page_stem(split_extension(file_uri)[0], number).removeprefix(folder))


def _inside(path: str) -> str:
    parts = path.split("/")
    return "/".join(_REPLACED_PARTS.get(part, part) for part in parts)
