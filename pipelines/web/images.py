"""The images of the pages in the tables, opened as transcribe opens them."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.decoding.pool import await_decoder
from pipelines.files.filesystem import BeamFiles
from pipelines.formats.addresses import is_address
from pipelines.formats.names import file_of
from pipelines.pages.image import open_again
from pipelines.pages.names import location
from pipelines.pages.time_limit import within_time
from pipelines.web.pictures import Kept, Pyramid


class ImageGone(ValueError):
    """The image of a page cannot be shown; the message says why."""


class Images:
    """The images of pages, of which the last few are kept in memory.

    Args:
        root: Returns where names of pages start, as of `pipelines.transcripts.pages.read_root`.
        images_bytes: Memory for decoded images.
        tiles_bytes: Memory for tiles and lines.
        limit_s: Seconds that an image may take.
    """

    def __init__(
        self,
        root: Callable[[], tuple[str, str | None]],
        images_bytes: int,
        tiles_bytes: int,
        limit_s: float,
    ):
        self._root, self._limit_s = root, limit_s
        self._images: Kept[Pyramid] = Kept(images_bytes, lambda one: one.byte_count)
        self._pieces: Kept[bytes] = Kept(tiles_bytes, len)

    def problem(self, page: dict) -> str:
        """Return why the image of a page is not there; empty if nothing is known against it.

        Args:
            page: Row of the page; an address on the web is not asked.
        """
        where = location(page["page_uri"], page["address"], *self._root())
        if is_address(where):
            return ""
        try:
            with BeamFiles().open(file_of(where)) as file:
                file.read(1)
        except (OSError, ValueError) as error:
            return _gone(page, error)
        return ""

    def pyramid(self, page: dict) -> Pyramid:
        """Return the image of a page.

        Raises:
            ImageGone: If it cannot be opened, or is another one than was transcribed.
        """
        return self._images.get(page["page_key"], lambda: self._opened(page))

    def piece(self, page: dict, key: tuple, make: Callable[[Pyramid], bytes | None]) -> bytes:
        """Return a part of the image of a page as JPEG; empty where there is none.

        Args:
            page: Row of the page.
            key: Tells this part from others of the page.
            make: Makes it.

        Raises:
            ImageGone: As `pyramid`.
        """
        return self._pieces.get(
            (page["page_key"], page["sha256"], key), lambda: make(self.pyramid(page)) or b""
        )

    def _opened(self, page: dict) -> Pyramid:
        where = location(page["page_uri"], page["address"], *self._root())
        try:
            await_decoder()
            image, tint = within_time(self._limit_s, _open, page["page_uri"], where)
        except (OSError, ValueError) as error:
            raise ImageGone(_gone(page, error)) from None
        if image.sha256 != page["sha256"]:
            raise ImageGone("the image was changed after it was transcribed; transcribe it again")
        return Pyramid(image.grey, tint)


def _open(uri: str, where: str):
    image = open_again(uri, where)
    # Before its digest is asked for, within the time of the page.
    _ = image.grey
    try:
        return image, image.tint()
    except (OSError, ValueError):
        # A page whose light was decoded is shown without its colours.
        return image, None


def _gone(page: dict, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return f"the image cannot be opened ({reason}); the text is what was read from it"
