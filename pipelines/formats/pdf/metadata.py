"""What a PDF/A-2u says of itself: XMP metadata, and what its colours are (ISO 19005-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from xml.sax.saxutils import escape

from PIL import ImageCms

# Where an ICC profile has the time at which it was made; equal pages are to give equal files.
_PROFILE_TIME = slice(24, 36)
_SOME_TIME = bytes((7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>U</pdfaid:conformance>
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>{language}
<xmp:CreateDate>{created}</xmp:CreateDate>
<xmp:ModifyDate>{created}</xmp:ModifyDate>
<xmp:CreatorTool>{software}</xmp:CreatorTool>
<pdf:Producer>{software}</pdf:Producer>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


@dataclass(frozen=True)
class PdfFacts:
    """What a PDF says of itself.

    Attributes:
        title: Title of the document.
        software: Name and version of the program.
        created: When the text was made, UTC.
        language: Language of the text (BCP 47); empty if unknown.
    """

    title: str
    software: str = "Quire"
    created: datetime = datetime(2000, 1, 1)
    language: str = ""


def xmp(facts: PdfFacts) -> bytes:
    """Return the XMP metadata of a PDF/A-2u.

    Example:
        >>> b"<pdfaid:part>2</pdfaid:part>" in xmp(PdfFacts("a < b"))
        True
    """
    language = facts.language and (
        f"\n<dc:language><rdf:Bag><rdf:li>{escape(facts.language)}</rdf:li></rdf:Bag></dc:language>"
    )
    return _XMP.format(
        title=escape(facts.title),
        language=language,
        created=f"{facts.created:%Y-%m-%dT%H:%M:%S}Z",
        software=escape(facts.software),
    ).encode()


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB, the same at every call and in every process."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_PROFILE_TIME] = _SOME_TIME
    return bytes(profile)
