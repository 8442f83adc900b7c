"""What `serve` shows, to whom, and how much of the machine it may take."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000
# Names of this computer for itself.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class ServeConfig:
    """The settings of `serve`.

    Attributes:
        transcripts: Folder that transcribe wrote.
        cache: Folder of the index of words; empty for one in the user's folder for caches.
        hosts: Names and addresses by which browsers may ask for the pages; empty for any.
        token: What browsers have to give once; empty where none is needed.
        user_header: Header in which a proxy tells who the user is; empty for none.
        user: Who corrects where no proxy tells.
        model: Folder of the model that reads uploads.
        query_limit_s: Seconds that a query may take.
        page_limit_s: Seconds that decoding or reading an image may take.
        upload_limit_bytes: Largest upload.
        upload_limit_pixels: Most pixels of an upload.
        uploads_at_once: Uploads that are read at the same time; others wait or are refused.
        images_bytes: Memory for decoded images.
        tiles_bytes: Memory for pieces of images that browsers asked for.
        results: Results of uploads that are kept, in memory.
    """

    transcripts: str
    cache: str = ""
    hosts: tuple[str, ...] = ()
    token: str = ""
    user_header: str = ""
    user: str = ""
    model: str = "default"
    query_limit_s: float = 10.0
    page_limit_s: float = 60.0
    upload_limit_bytes: int = 40 * MEGABYTE
    upload_limit_pixels: int = 100 * MEGABYTE
    uploads_at_once: int = 1
    images_bytes: int = 300 * MEGABYTE
    tiles_bytes: int = 60 * MEGABYTE
    results: int = 20
