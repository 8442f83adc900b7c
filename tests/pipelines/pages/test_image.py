"""What transcribe and ingest are told about the image of a page."""

import numpy as np
import pytest
from PIL import Image

from model.images.jpeg_end import NO_END_MARK
from model.images.negative import NEGATIVE
from pipelines.dataset.cut import CutConfig, cut_examples
from pipelines.descriptions.detect import read_markup_pages
from pipelines.formats.names import IMAGE_EXTENSIONS
from pipelines.pages.fetched import is_no_image
from pipelines.pages.image import open_image
from pipelines.transcription.read_pages import PageReading, read_page
from schemas.records import LineExample, PageSource
from tests.drawn import encoded, jpeg, png, text_strip

PAGE = np.full((300, 700), 225, np.uint8)
for top, text in ((30, "acte de mariage"), (120, "fils majeur de"), (210, "le maire")):
    strip = text_strip(text)
    PAGE[top : top + 64, 40 : 40 + strip.shape[1]] = np.minimum(strip, 225)

PAGE_XML = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
<Page imageFilename="p.jpg" imageWidth="{width}" imageHeight="{height}"><TextRegion id="r">
<TextLine id="l"><Coords points="{outline}"/><Baseline points="{points}"/>
<TextEquiv><Unicode>acte de mariage</Unicode></TextEquiv></TextLine></TextRegion></Page></PcGts>"""


def source_of(path, data: bytes) -> PageSource:
    path.write_bytes(data)
    return PageSource(str(path), (str(path),))


@pytest.mark.parametrize(
    ("name", "data", "warnings"),
    [
        ("a.jpg", jpeg(PAGE), ()),
        ("a.jpg", jpeg(PAGE)[:-2], (NO_END_MARK,)),
        ("a.jpg", jpeg(255 - PAGE)[:-2], (NO_END_MARK, NEGATIVE)),
        ("a.png", png(255 - PAGE), (NEGATIVE,)),
        ("a.tif", encoded(Image.fromarray(255 - PAGE), "TIFF"), (NEGATIVE,)),
        ("a.pdf", encoded(Image.fromarray(255 - PAGE), "PDF"), (NEGATIVE,)),
    ],
)
def test_a_page_has_the_warnings_of_its_file(tmp_path, name, data, warnings):
    read = read_page(source_of(tmp_path / name, data), PageReading("whole", 64))
    assert read.quality.warnings() == warnings
    (image,) = read.images
    assert np.median(image.strip) == 255


@pytest.mark.parametrize("extension", IMAGE_EXTENSIONS)
def test_image_extensions_in_any_case(extension):
    assert not is_no_image(PageSource(f"a{extension}", (f"a{extension}",)))
    assert not is_no_image(PageSource(f"A{extension.upper()}", (f"A{extension.upper()}",)))


@pytest.mark.parametrize(
    ("extension", "kind", "options"),
    [
        (".jfif", "JPEG", {}),
        (".jpe", "JPEG", {}),
        (".gif", "GIF", {}),
        (".jpx", "JPEG2000", {}),
        (".j2k", "JPEG2000", {"no_jp2": True}),
        (".j2c", "JPEG2000", {"no_jp2": True}),
    ],
)
def test_images_of_other_extensions_are_read(tmp_path, extension, kind, options):
    data = encoded(Image.fromarray(PAGE), kind, **options)
    image = open_image(source_of(tmp_path / f"a{extension}", data))
    assert np.abs(image.grey.astype(int) - PAGE).mean() < 3


def as_drawn(points: list[tuple[int, int]], drawn: str, height_px: int) -> str:
    if drawn == "stored":
        points = [(y, height_px - 1 - x) for x, y in points]
    return " ".join(f"{x},{y}" for x, y in points)


def test_lines_drawn_on_the_stored_pixels_of_a_photograph_are_cut_alike(tmp_path):
    """Orientation 6: stored on its left side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(PAGE).transpose(Image.Transpose.ROTATE_90)
    width_px, height_px = stored.size
    upright = {
        "points": [(45, 74), (600, 74)],
        "outline": [(45, 30), (600, 30), (600, 92), (45, 92)],
    }
    sizes = {"upright": (height_px, width_px), "stored": (width_px, height_px)}
    path = tmp_path / "p.jpg"
    source = source_of(path, encoded(stored, "JPEG", quality=95, exif=exif))
    strips, examples = [], []
    for drawn in ("upright", "stored"):
        width, height = sizes[drawn]
        given = {name: as_drawn(points, drawn, height_px) for name, points in upright.items()}
        xml = PAGE_XML.format(width=width, height=height, **given)
        path.with_suffix(".xml").write_text(xml)
        strips += [image.strip for image in read_page(source, PageReading("given", 64)).images]
        (page,) = read_markup_pages(xml.encode())
        made = cut_examples(page.__class__(str(path), page.lines, width, height), CutConfig(64))
        examples += [one.image for one in made if isinstance(one, LineExample)]
    assert len(strips) == len(examples) == 2
    assert np.array_equal(*strips) and examples[0] == examples[1]
