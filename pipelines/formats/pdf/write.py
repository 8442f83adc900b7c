"""Write searchable PDF: pictures of pages with invisible text on their lines, as PDF/A-2u."""

from __future__ import annotations

import io
from typing import BinaryIO

from pipelines.formats.page_text import PageText
from pipelines.formats.pdf.font import (
    ADVANCE,
    ASCENT,
    DESCENT,
    MOST_CHARACTERS,
    glyph_indices,
    truetype_font,
    unicode_map,
)
from pipelines.formats.pdf.metadata import PdfFacts, srgb_profile, xmp
from pipelines.formats.pdf.objects import PdfObjects, numbers_text, text_string
from pipelines.formats.pdf.picture import Picture, media_box, picture_of_jpeg
from pipelines.formats.pdf.place import Place, placed_words
from pipelines.formats.pdf.taken_page import TakenPage

# The usual resolution in archives, for images that state none, or one that no scanner has.
_USUAL_DPI = 300.0
_DPI_RANGE = (50.0, 2400.0)
_POINTS_PER_INCH = 72
# Longest side of a page that viewers must support (PDF 32000-1, annex C).
_LONGEST_SIDE_POINTS = 14_400
_FONT_NAME = b"/AAAAAA+Unseen"
# Text that is neither filled nor stroked.
_INVISIBLE = b"BT /F 1 Tf 3 Tr\n"


def write_pdf(
    page: PageText, picture: bytes | Picture | TakenPage, facts: PdfFacts | None = None
) -> bytes:
    """Write a page as a searchable PDF.

    Args:
        page: A normalised page.
        picture: Its image, or the page of a PDF that it is; bytes are a JPEG.
        facts: What the file says of itself; its title is the name of the image by default.

    Returns:
        The file, as of `SearchablePdf`.

    Raises:
        ValueError: As of `SearchablePdf.add`.
    """
    file = io.BytesIO()
    document = SearchablePdf(file, facts or PdfFacts(page.image_name))
    document.add(page, picture_of_jpeg(picture) if isinstance(picture, bytes) else picture)
    document.close()
    return file.getvalue()


def _points_per_px(page: PageText) -> float:
    dpi = page.dpi if _DPI_RANGE[0] <= page.dpi <= _DPI_RANGE[1] else _USUAL_DPI
    longest_px = max(page.width_px, page.height_px)
    return min(_POINTS_PER_INCH / dpi, _LONGEST_SIDE_POINTS / longest_px)


class SearchablePdf:
    """A searchable PDF/A-2u that is being written, page by page.

    Each word covers its share of the line's baseline, at the height of the line, in text
    rendering mode 3: it can be found, selected and copied, but is invisible. A page has the size
    of the original if the image states its resolution, else the size at 300 dpi.

    Args:
        file: The file to write to, empty.
        facts: What the file says of itself.
    """

    def __init__(self, file: BinaryIO, facts: PdfFacts):
        self._objects, self._facts = PdfObjects(file), facts
        self._tree, self._font = self._objects.reserve(), self._objects.reserve()
        self._pages: list[int] = []
        self._labels: list[str] = []
        self._codes: dict[str, int] = {}

    def add(self, page: PageText, picture: Picture | TakenPage) -> None:
        """Write a page.

        Args:
            page: A normalised page.
            picture: Its image, or the page of a PDF that it is.

        Raises:
            ValueError: If the picture has another size than the page, or the pages have more
                than 65,535 different characters.
        """
        if picture.shown_px != (page.width_px, page.height_px):
            raise ValueError("picture has not the size of the page; transcribe it again")
        if isinstance(picture, TakenPage):
            width, height = picture.size
            left, bottom, right, top = picture.frame
            across, up = (right - left) / page.width_px, (top - bottom) / page.height_px
            # Pixels need not be square on a page.
            within = b"q %b cm\n" % numbers_text(across, 0, 0, up, left, bottom), b"Q\n"
            scale, text_height = 1.0, float(page.height_px)
        else:
            scale = _points_per_px(page)
            width, height = page.width_px * scale, page.height_px * scale
            within, text_height = (b"", b""), height
        text = b"".join(
            self._shown(word, place, scale, text_height)
            for line in page.lines
            for word, place in placed_words(line)
        )
        content = picture.placed(width, height)
        if text:
            content += within[0] + _INVISIBLE + text + b"ET\n" + within[1]
        image = picture.add_to(self._objects)
        stream = self._objects.add_stream(b"", content)
        resources = b"/XObject<</I %d 0 R>>/Font<</F %d 0 R>>" % (image, self._font)
        self._pages.append(
            self._objects.add(
                b"<</Type/Page/Parent %d 0 R%b/Resources<<%b>>/Contents %d 0 R>>"
                % (self._tree, media_box(width, height), resources, stream)
            )
        )
        self._labels.append(page.label)

    def close(self) -> None:
        """Write what belongs to no single page."""
        objects, facts = self._objects, self._facts
        kids = b" ".join(b"%d 0 R" % number for number in self._pages)
        tree = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(self._pages), kids)
        objects.add(tree, self._tree)
        self._add_font()
        metadata = objects.add_stream(b"/Type/Metadata/Subtype/XML", xmp(facts), is_packed=True)
        profile = objects.add_stream(b"/N 3", srgb_profile())
        intent = objects.add(
            b"<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)"
            b"/DestOutputProfile %d 0 R>>" % profile
        )
        entries = b"/Metadata %d 0 R/OutputIntents[%d 0 R]%b" % (
            metadata,
            intent,
            self._numbering(),
        )
        entries += b"/ViewerPreferences<</DisplayDocTitle true>>"
        if facts.language:
            entries += b"/Lang" + text_string(facts.language)
        root = objects.add(b"<</Type/Catalog/Pages %d 0 R%b>>" % (self._tree, entries))
        created = f"(D:{facts.created:%Y%m%d%H%M%S}Z)".encode()
        about = b"/Title%b/Producer%b/Creator%b/CreationDate%b/ModDate%b" % (
            text_string(facts.title),
            text_string(facts.software),
            text_string(facts.software),
            created,
            created,
        )
        objects.close(root, objects.add(b"<<%b>>" % about))

    def _shown(self, word: str, place: Place, scale: float, height: float) -> bytes:
        """Return the operators that write a word."""
        for character in word:
            if len(self._codes) >= MOST_CHARACTERS and character not in self._codes:
                raise ValueError(
                    f"more than {MOST_CHARACTERS} different characters, too many for PDF; "
                    "leave out pdf, or give --per page"
                )
            self._codes.setdefault(character, len(self._codes) + 1)
        codes = "".join(f"{self._codes[character]:04X}" for character in word).encode()
        a, b, c, d, x, y = (scale * value for value in place.matrix(len(word)))
        return b"%b Tm<%b>Tj\n" % (numbers_text(a, -b, c, -d, x, height - y), codes)

    def _numbering(self) -> bytes:
        if not any(self._labels):
            return b""
        each = (b"%d<</P%b>>" % (i, text_string(text)) for i, text in enumerate(self._labels))
        return b"/PageLabels<</Nums[%b]>>" % b"".join(each)

    def _add_font(self) -> None:
        objects, count = self._objects, max(1, len(self._codes))
        font = truetype_font(count)
        file = objects.add_stream(b"/Length1 %d" % len(font), font)
        box = numbers_text(0, DESCENT, ADVANCE, ASCENT)
        descriptor = objects.add(
            b"<</Type/FontDescriptor/FontName%b/Flags 4/FontBBox[%b]/ItalicAngle 0/Ascent %d"
            b"/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>"
            % (_FONT_NAME, box, ASCENT, DESCENT, ASCENT, file)
        )
        indices = objects.add_stream(b"", glyph_indices(count))
        descendant = objects.add(
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont%b/DW %d/CIDToGIDMap %d 0 R"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/FontDescriptor %d 0 R>>" % (_FONT_NAME, ADVANCE, indices, descriptor)
        )
        unicode = objects.add_stream(b"", unicode_map(list(self._codes) or [" "]))
        objects.add(
            b"<</Type/Font/Subtype/Type0/BaseFont%b/Encoding/Identity-H/DescendantFonts[%d 0 R]"
            b"/ToUnicode %d 0 R>>" % (_FONT_NAME, descendant, unicode),
            self._font,
        )
