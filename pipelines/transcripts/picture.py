"""The picture of a transcribed page, from the tables and the image."""

from __future__ import annotations

import io

import duckdb
from PIL import Image

from model.pictures.transcript import draw_transcript
from pipelines.cli.options import UsageError
from pipelines.files.filesystem import write_bytes
from pipelines.pages.image import open_again
from pipelines.pages.names import location
from pipelines.transcripts.page_names import page_of
from pipelines.transcripts.pages import read_root
from pipelines.transcripts.tables import to_polyline


def draw_page(connection: duckdb.DuckDBPyConnection, page: str, output: str) -> str:
    """Draw the lines and texts of one page on its image.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        page: What `pipelines.transcripts.page_names` finds it by; empty for the first page.
        output: PNG file to write.

    Returns:
        The URI of the page that was drawn.

    Raises:
        UsageError: If there is no such page, or several, or its image cannot be read.
    """
    wanted = page_of(connection, page, "--page") if page else ""
    query = (
        "SELECT page_uri, address FROM pages WHERE status = 'ok' AND ? IN ('', page_uri) "
        "ORDER BY page_uri LIMIT 1"
    )
    found = connection.execute(query, [wanted]).fetchone()
    if found is None:
        raise UsageError("--transcripts holds no page that was read; transcribe some")
    uri, address = found
    try:
        grey = open_again(uri, location(uri, address, *read_root(connection))).grey
    except (OSError, ValueError) as error:
        raise UsageError(f"{uri}: {error}") from None
    query = "SELECT baseline, polygon, text FROM lines WHERE page_uri = ? ORDER BY line_index"
    lines = [
        (to_polyline(baseline), to_polyline(polygon), text)
        for baseline, polygon, text in connection.execute(query, [uri]).fetchall()
    ]
    png = io.BytesIO()
    Image.fromarray(draw_transcript(grey, lines)).save(png, "PNG")
    write_bytes(output, png.getvalue())
    return uri
