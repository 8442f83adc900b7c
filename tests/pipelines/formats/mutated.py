"""Good documents, and what may be wrong with one that is made by hand or by another program."""

from __future__ import annotations

import copy
import re
import struct
from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from lxml import etree

from tests.drawn import png

WIDTH_PX, HEIGHT_PX = 900, 560
# Line n shows n + 1 bars, and its words are of no other line, so that each strip tells its text.
TEXTS = ("une", "deux fois", "trois ou plus", "quatre mains et un")
_PITCH_PX, _FIRST_PX, _BAR_PX = 120, 100, 36
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NUMBERS = ("", "0", "-1", "1", "7.5", "99999999", "1e9", "nan", "x", "\u0661", "0x10", "1,5")
_NAMES = ("", "x", "Page", "TextLine", "TextRegion", "String", "Word", "Coords", "id", "ID")


def bars_page() -> bytes:
    """Draw the page of `TEXTS`."""
    grey = np.full((HEIGHT_PX, WIDTH_PX), 235, np.uint8)
    for number in range(len(TEXTS)):
        base = baseline_of(number)
        for bar in range(number + 1):
            left = 120 + 90 * bar
            grey[base - _BAR_PX : base, left : left + 8] = 30
    return png(grey)


def count_bars(strip: np.ndarray) -> int:
    """Count the bars on the strip of a line."""
    dark = (strip < 140).any(axis=0)
    return int(np.count_nonzero(np.diff(np.r_[False, dark].astype(int)) == 1))


def baseline_of(number: int) -> int:
    """Return the height of a line."""
    return _FIRST_PX + _PITCH_PX * number


def _outline(number: int) -> str:
    base = baseline_of(number)
    return f"80,{base - 50} 820,{base - 50} 820,{base + 20} 80,{base + 20}"


def page_xml() -> bytes:
    """Write the page as PAGE, with all that is usual in it."""
    lines = [
        f'<TextLine id="l{n}" custom="readingOrder {{index:{n % 2};}}">'
        f'<Coords points="{_outline(n)}"/>'
        f'<Baseline points="80,{baseline_of(n)} 820,{baseline_of(n)}"/>'
        + "".join(
            f'<Word id="w{n}{i}"><Coords points="{_outline(n)}"/><TextEquiv><Unicode>{word}'
            "</Unicode></TextEquiv></Word>"
            for i, word in enumerate(text.split())
            if n > 1
        )
        + (
            f'<TextEquiv index="0"><Unicode>{text}</Unicode></TextEquiv>'
            '<TextEquiv index="1"><Unicode>autre</Unicode></TextEquiv>'
            if n < 3
            else ""
        )
        + "</TextLine>"
        for n, text in enumerate(TEXTS)
    ]
    regions = "".join(
        f'<TextRegion id="r{half}" type="paragraph">'
        f'<Coords points="60,20 860,20 860,540 60,540"/>{"".join(lines[2 * half : 2 * half + 2])}'
        "</TextRegion>"
        for half in (0, 1)
    )
    return (
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        "<Metadata><Creator>x</Creator></Metadata>"
        f'<Page imageFilename="p.png" imageWidth="{WIDTH_PX}" imageHeight="{HEIGHT_PX}">'
        '<ReadingOrder><OrderedGroup id="g"><RegionRefIndexed index="0" regionRef="r0"/>'
        f'<RegionRefIndexed index="1" regionRef="r1"/></OrderedGroup></ReadingOrder>{regions}'
        "</Page></PcGts>"
    ).encode()


def alto() -> bytes:
    """Write the page as ALTO, with all that is usual in it."""
    lines = [
        f'<TextLine ID="l{n}" BASELINE="80,{baseline_of(n)} 820,{baseline_of(n)}" HPOS="80" '
        f'VPOS="{baseline_of(n) - 50}" WIDTH="740" HEIGHT="70" TAGREFS="t">'
        f'<Shape><Polygon POINTS="{_outline(n)}"/></Shape>'
        + "<SP/>".join(f'<String CONTENT="{word}" WC="0.5"/>' for word in text.split())
        + "</TextLine>"
        for n, text in enumerate(TEXTS)
    ]
    blocks = "".join(
        f'<TextBlock ID="b{half}" HPOS="60" VPOS="20" WIDTH="800" HEIGHT="500">'
        f"{''.join(lines[2 * half : 2 * half + 2])}</TextBlock>"
        for half in (0, 1)
    )
    return (
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description>'
        "<MeasurementUnit>pixel</MeasurementUnit><sourceImageInformation><fileName>p.png"
        '</fileName></sourceImageInformation></Description><Tags><OtherTag ID="t" LABEL="x"/>'
        f'</Tags><Layout><Page ID="p" PHYSICAL_IMG_NR="1" WIDTH="{WIDTH_PX}" '
        f'HEIGHT="{HEIGHT_PX}"><PrintSpace>{blocks}</PrintSpace></Page></Layout></alto>'
    ).encode()


def manifest(version: int) -> dict:
    """Return a IIIF manifest of three pages."""
    pages = []
    for n in range(3):
        image = {"id": f"https://example.org/{n}.jpg", "type": "Image", "width": 90, "height": 60}
        service = {"id": f"https://example.org/i/{n}", "type": "ImageService2", "profile": "level1"}
        image["service"] = [service]
        canvas = {"id": f"https://example.org/c/{n}", "label": f"{n}r", "width": 90, "height": 60}
        if version == 2:
            canvas["images"] = [{"motivation": "sc:painting", "resource": image}]
        else:
            painting = {"motivation": "painting", "target": canvas["id"], "body": image}
            canvas["items"] = [{"type": "AnnotationPage", "items": [painting]}]
        pages.append(canvas)
    if version == 2:
        return {"@type": "sc:Manifest", "sequences": [{"canvases": pages}]}
    return {"type": "Manifest", "items": pages}


@st.composite
def mutated_xml(draw, data: bytes) -> bytes:
    """Draw a document with a few changes: of nodes, attributes, numbers and texts."""
    root = etree.fromstring(data)
    for _ in range(draw(st.integers(1, 3))):
        nodes = list(root.iterdescendants("*"))
        node = draw(st.sampled_from(nodes)) if nodes else root
        draw(st.sampled_from(_CHANGES))(draw, node)
    return etree.tostring(root)


def _drop(draw: Callable, node: etree._Element) -> None:
    if node.getparent() is not None:
        node.getparent().remove(node)


def _double(draw: Callable, node: etree._Element) -> None:
    if node.getparent() is not None:
        node.addnext(copy.deepcopy(node))


def _reorder(draw: Callable, node: etree._Element) -> None:
    above = node.getparent()
    if above is not None:
        place = draw(st.integers(0, len(above) - 1))
        above.remove(node)
        above.insert(place, node)


def _retype(draw: Callable, node: etree._Element) -> None:
    space = node.tag.rpartition("}")[0]
    node.tag = f"{space}}}{draw(st.sampled_from(_NAMES[1:]))}" if space else "x"


def _unwrap(draw: Callable, node: etree._Element) -> None:
    above = node.getparent()
    if above is not None:
        place = above.index(node)
        above.remove(node)
        for child in reversed(list(node)):
            above.insert(place, child)


def _change_attribute(draw: Callable, node: etree._Element) -> None:
    if not node.attrib:
        return
    name = draw(st.sampled_from(sorted(node.attrib)))
    kind = draw(st.sampled_from(("drop", "number", "rename", "other", "lower", "space")))
    value = node.attrib[name]
    if kind in ("drop", "rename"):
        del node.attrib[name]
    if kind == "rename":
        node.set(draw(st.sampled_from(_NAMES[1:])), value)
    elif kind == "number" and (numbers := list(_NUMBER.finditer(value))):
        at = draw(st.sampled_from(numbers))
        node.set(name, value[: at.start()] + draw(st.sampled_from(_NUMBERS)) + value[at.end() :])
    elif kind == "other" and name not in ("CONTENT", "points", "POINTS", "BASELINE"):
        node.set(
            name, draw(st.sampled_from(("", "x", "l1", "r0", "../../x.png", "http://x/y.png")))
        )
    elif kind == "lower":
        del node.attrib[name]
        node.set(name.lower(), value)
    elif kind == "space":
        node.set(name, f" {value}\n")


def _empty(draw: Callable, node: etree._Element) -> None:
    node.text = draw(st.sampled_from((None, " ", "\n")))


_CHANGES = (
    _drop,
    _double,
    _reorder,
    _retype,
    _unwrap,
    _change_attribute,
    _change_attribute,
    _empty,
)


@st.composite
def mutated_json(draw, value: dict) -> dict:
    """Draw a document with a few changes of its members."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        change = draw(st.sampled_from(("drop", "double", "reorder", "retype", "rename")))
        if change == "drop":
            del holder[key]
        elif change == "retype":
            odd = (None, "", "x", 0, -1, 1e300, True, [], {}, [holder[key]], {"id": holder[key]})
            holder[key] = copy.deepcopy(draw(st.sampled_from(odd)))
        elif isinstance(holder, list) and change == "double":
            holder.insert(key, copy.deepcopy(holder[key]))
        elif isinstance(holder, list) and change == "reorder":
            holder.append(holder.pop(key))
        elif isinstance(holder, dict) and change == "rename":
            holder[draw(st.sampled_from(("x", "@id", "items", "images")))] = holder.pop(key)
    return value


def _places(value):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in list(items):
        yield value, key
        if isinstance(member, (dict, list)):
            yield from _places(member)


@st.composite
def mutated_tiff(draw, data: bytes) -> tuple[bytes, set[int]]:
    """Draw a TIFF with a few changes in its only directory, and the tags that they concern."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = [list(struct.unpack_from("<HHII", data, at + 2 + 12 * n)) for n in range(count)]
    concerned = set()
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(entries) - 1))
        change = draw(
            st.sampled_from(("drop", "double", "reorder", "retag", "type", "count", "value"))
        )
        entry = entries[place]
        if change == "double":
            entries.insert(place, list(entry))
        elif change == "reorder":
            entries.append(entries.pop(place))
        else:
            concerned.add(entry[0])
        if change == "drop" and len(entries) > 1:
            del entries[place]
        elif change == "retag":
            entry[0] = draw(
                st.sampled_from((1, 254, 255, 256, 320, 322, 330, 338, 347, 34665, 65535))
            )
            concerned.add(entry[0])
        elif change == "type":
            entry[1] = draw(st.integers(0, 20))
        elif change in ("count", "value"):
            numbers = (0, 1, 2, 3, 7, 8, 16, 255, 65535, 2**31 - 1, 2**31, 2**32 - 1, len(data))
            entry[2 if change == "count" else 3] = draw(st.sampled_from(numbers))
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    directory = struct.pack("<H", len(entries)) + packed + bytes(4)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory, concerned
