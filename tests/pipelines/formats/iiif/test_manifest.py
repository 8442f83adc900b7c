"""Reading IIIF manifests."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.iiif.manifest import read_manifest
from tests.pipelines.iiif_server import IiifServer

URI = "https://example.org/iiif/book/manifest.json"
SERVICE = "https://images.example.org/iiif/7"
IMAGE = "https://images.example.org/7.jpg"


def read(manifest, width_px=2400):
    return list(read_manifest(json.dumps(manifest).encode(), URI, width_px))


def v3(*canvases):
    return {"type": "Manifest", "items": list(canvases)}


def canvas(body, name="https://example.org/c/1", target=None, **more):
    painting = {"motivation": "painting", "target": target or name, "body": body}
    page = {"type": "AnnotationPage", "items": [painting]}
    return {"id": name, "type": "Canvas", "width": 1000, "height": 2000, "items": [page], **more}


def image(service=None, **more):
    return {"id": IMAGE, "type": "Image", "width": 5000, "service": service or [], **more}


def service(**more):
    return {"id": SERVICE, "type": "ImageService3", "profile": "level2", **more}


def addresses(body):
    (page,) = read(v3(canvas(body)))
    assert page.fault == ""
    return page.addresses


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_give_the_same_pages(version):
    server = IiifServer()
    server.address = "http://127.0.0.1:80"
    server.pages = {name: np.zeros((40, 30), np.uint8) for name in ("b", "a")}
    pages = read(server.manifest(version), width_px=20)
    assert [page.uri for page in pages] == [f"https://example.org/canvas/{n}" for n in "ba"]
    assert [page.label for page in pages] == ["f. b", "f. a"]
    assert [page.place for page in pages] == [0, 1]
    assert pages[0].addresses == (
        "http://127.0.0.1/iiif/b/full/20,/0/default.jpg".replace("127.0.0.1", "127.0.0.1:80"),
        "http://127.0.0.1:80/b.jpg",
    )
    assert {page.document for page in pages} == {URI}
    assert {page.canvas_px for page in pages} == {(30, 40)}


def test_the_requested_width_is_limited_and_never_above_that_of_the_image():
    capped = f"{SERVICE}/full/2400,/0/default.jpg"
    assert addresses(image([service()])) == (capped, IMAGE)
    assert addresses(image([service()], width=1200))[0] == f"{SERVICE}/full/1200,/0/default.jpg"
    assert addresses(image([service(width=900)]))[0] == f"{SERVICE}/full/900,/0/default.jpg"
    assert addresses(image([service()], width="?"))[0] == capped


@pytest.mark.parametrize(
    "profile",
    [
        "level0",
        "http://iiif.io/api/image/2/level0.json",
        ["http://iiif.io/api/image/2/level0.json", {"formats": ["jpg"]}],
    ],
)
def test_a_level_0_service_is_not_used(profile):
    assert addresses(image([service(profile=profile)])) == (IMAGE,)


SIZES = [{"width": 600, "height": 1200}, {"width": 2500, "height": 5000}]


@pytest.mark.parametrize(
    ("said", "size"),
    [
        # The image is 5000 x 10000 px, and 2400 px are wanted.
        ({"maxWidth": 800, "maxHeight": 9000}, "800,"),
        ({"maxWidth": 800}, "400,"),  # no height may exceed it either
        ({"maxHeight": 3000}, "1500,"),
        ({"maxArea": 2_000_000}, "1000,"),
        ({"maxArea": 10**12}, "2400,"),
        ({"maxWidth": 5000, "maxArea": 180_000}, "300,"),
        ({"profile": ["level2", {"maxWidth": 800, "maxHeight": 9000}]}, "800,"),
        ({"profile": "level2", "sizes": SIZES}, "2400,"),
        ({"profile": "level0", "sizes": SIZES}, "2500,5000"),
        ({"profile": "level0", "extraFeatures": ["sizeByW"]}, "2400,"),
        ({"maxWidth": "many"}, "2400,"),
    ],
)
def test_a_service_is_asked_for_what_it_gives(said, size):
    found = addresses(image([service(**said)], height=10_000))
    assert found == (f"{SERVICE}/full/{size}/0/default.jpg", IMAGE)


def test_what_a_limit_makes_of_a_page_of_unknown_height_is_left_to_the_service():
    found = addresses(image([service(maxHeight=800)]))
    assert found[0] == f"{SERVICE}/full/max/0/default.jpg"


def test_a_region_keeps_within_the_limits():
    selected = {
        "type": "SpecificResource",
        "source": image([service(maxWidth=800)], height=10_000),
        "selector": {"type": "ImageApiSelector", "region": "0,0,4000,2000"},
    }
    assert addresses(selected) == (f"{SERVICE}/0,0,4000,2000/800,/0/default.jpg",)


@pytest.mark.parametrize(
    ("context", "sizes"),
    [
        ("http://iiif.io/api/image/3/context.json", ["600,1200"]),
        # Static files of version 2 may have only the canonical form.
        ("http://iiif.io/api/image/2/context.json", ["600,1200", "600,"]),
    ],
)
def test_a_static_service_without_an_image_of_its_own(context, sizes):
    static = {"@context": context, "id": SERVICE, "profile": "level0"}
    wanted = [f"{SERVICE}/full/{size}/0/default.jpg" for size in sizes]
    found = read(v3(canvas({"width": 5000, "service": [{**static, "sizes": SIZES[:1]}]})), 500)
    assert list(found[0].addresses) == wanted
    (page,) = read(v3(canvas({"service": [static]})))
    whole = "max" if "3" in context else "full"
    assert page.addresses == (f"{SERVICE}/full/{whole}/0/default.jpg",)


@pytest.mark.parametrize(
    "path",
    ["box/12/7/page.jpg", "full/full/0/default.jpg", "full/!800,800/0/native", "0/0/0/1.jpg"],
)
def test_an_address_that_only_looks_like_a_part_of_an_image(path):
    own = f"https://images.example.org/{path}"
    sized = f"{SERVICE}/full/2400,/0/default.jpg"
    assert addresses(image([service()], id=own)) == (sized, own)


@pytest.mark.parametrize(
    "path",
    ["pct:0,0,50,50/max/0/default.jpg", "0%2C0%2C9%2C9/9,/0/gray.png?x=1", "full/max/!0/default"],
)
def test_an_address_of_a_part_of_an_image_is_kept(path):
    own = f"{SERVICE}/{path}"
    assert addresses(image([service()], id=own)) == (own,)


def test_version_1_of_the_image_api_names_its_quality_native():
    old = {"@id": SERVICE + "/", "@context": "http://iiif.io/api/image/1/context.json"}
    assert addresses(image(old))[0] == f"{SERVICE}/full/2400,/0/native.jpg"


def test_other_services_are_not_used_for_images():
    auth = {"@id": "https://example.org/login", "@type": "AuthCookieService1"}
    assert addresses(image([auth])) == (IMAGE,)
    assert addresses(image([auth, service()]))[0].startswith(SERVICE)
    assert addresses(image({"@id": SERVICE}))[0].startswith(SERVICE)


def test_the_first_image_of_a_choice_is_used():
    other = image(id="https://example.org/infrared.jpg")
    assert addresses({"type": "Choice", "items": [image(), other]}) == (IMAGE,)
    assert addresses({"@type": "oa:Choice", "default": image(), "item": [other]}) == (IMAGE,)
    assert addresses([image(), other]) == (IMAGE,)


def test_a_part_of_an_image_is_requested_as_such():
    half = f"{SERVICE}/0,0,800,1500/full/0/default.jpg"
    assert addresses(image([service()], id=half)) == (half,)
    turned = f"{SERVICE}/full/full/90/default.jpg"
    assert addresses(image([service()], id=turned)) == (turned,)
    selected = {
        "type": "SpecificResource",
        "source": image([service()]),
        "selector": {"type": "ImageApiSelector", "region": "0,0,800,1500", "rotation": "90"},
    }
    assert addresses(selected) == (f"{SERVICE}/0,0,800,1500/800,/90/default.jpg",)


@pytest.mark.parametrize(
    ("region", "width_px"),
    [
        ("pct:10,10,50,50", 1000),
        ("pct:10.5,0,33.3,100", 666),
        ("pct:80,0,50,50", 400),
        ("pct:0,0,0.01,50", 1),
        ("100,100,500,50", 500),
        ("full", 2000),
    ],
)
def test_a_region_is_never_enlarged(region, width_px):
    selected = {
        "type": "SpecificResource",
        "source": image([service()], width=2000),
        "selector": {"type": "ImageApiSelector", "region": region},
    }
    assert addresses(selected) == (f"{SERVICE}/{region}/{width_px},/0/default.jpg",)


def test_an_invalid_region_is_not_requested():
    selected = {
        "type": "SpecificResource",
        "source": image([service()], width=2000),
        "selector": {"type": "ImageApiSelector", "region": "pct:1.2.3,0,50,50"},
    }
    assert addresses(selected) == (IMAGE,)


def test_relative_addresses_are_resolved_against_the_manifest():
    assert addresses({"id": "../7.jpg"}) == ("https://example.org/iiif/7.jpg",)


TWO_PARTS = {"items": [{"target": f"c#xywh=0,{y},1000,1000", "body": {}} for y in (0, 1000)]}


@pytest.mark.parametrize(
    ("one", "cure"),
    [
        ({"id": "c"}, "has no image; add one"),
        (canvas(image(), target="c#xywh=0,0,500,900"), "has an image on only a part of it; give"),
        (canvas([image()], items=[TWO_PARTS]), "is composed of 2 images; give"),
        (canvas({"type": "Image"}), "without an address; correct the manifest"),
        (canvas({"id": "file:///etc/passwd"}), "is not http or https; correct it"),
        (canvas([]), "without an image; add one"),
        (canvas(5), "without an image; add one"),
    ],
)
def test_a_page_that_cannot_be_fetched_fails_alone(one, cure):
    bad, good = read(v3(one, canvas(image(), "c2")))
    assert cure in bad.fault and bad.fault.startswith(URI) and "canvas 1" in bad.fault
    assert bad.addresses == () and not bad.is_transient
    assert good.addresses == (IMAGE,)


def test_an_image_on_the_whole_canvas_is_preferred():
    page = canvas(image(id="https://example.org/flap.jpg"), target="c#xywh=5,5,10,10")
    page["items"][0]["items"].append({"target": "c#xywh=0,0,1000,2000", "body": image()})
    assert read(v3(page))[0].addresses == (IMAGE,)


def test_pages_without_a_unique_id_are_numbered():
    other = image(id="https://example.org/8.jpg")
    pages = read(v3(canvas(image(), ""), canvas(image(), "c"), canvas(other, "c")))
    assert [page.uri for page in pages] == [f"{URI}#canvas=1", f"{URI}#id=c", f"{URI}#canvas=3"]


@pytest.mark.parametrize(
    ("data", "cure"),
    [
        (b"", "is not JSON"),
        (b"<html>", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"{" + b'"a":{' * 100_000, "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[1]", "list or value, not an IIIF manifest; give a manifest"),
        (b"{}", "neither sequences nor items"),
        (b'{"type": "Manifest", "items": []}', "no pages; remove it"),
        (b'{"sequences": [{"canvases": []}]}', "no pages; remove it"),
        (b'{"sequences": 5}', "no pages; remove it"),
        (b'{"type": "Collection", "items": [{}, {}]}', "collection of 2, not a manifest; list"),
        (b'{"@type": "sc:Collection", "manifests": [{}]}', "collection of 1, not a manifest"),
        (b'{"@context": "x", "members": ["a"]}', "collection of 1, not a manifest"),
    ],
)
def test_other_files_are_refused(data, cure):
    with pytest.raises(ValueError, match=cure):
        list(read_manifest(data, URI))


KEYS = [
    "id",
    "@id",
    "type",
    "@type",
    "items",
    "images",
    "resource",
    "service",
    "profile",
    "body",
    "label",
    "target",
    "on",
    "width",
    "source",
    "selector",
    "region",
    "default",
    "motivation",
    "@value",
    "xywh=",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(st.lists(JSON, max_size=4), st.sampled_from(["items", "sequences"]))
def test_any_json_gives_pages_with_addresses_or_faults(values, name):
    manifest = {"items": values} if name == "items" else {"sequences": [{"canvases": values}]}
    message = "none; all is well"
    try:
        pages = read(manifest)
    except ValueError as error:
        pages, message = [], str(error)
    assert ";" in message
    for page in pages:
        assert bool(page.addresses) != bool(page.fault)
        assert all(one.startswith("http") for one in page.addresses)
        # The tables must be able to store them.
        (page.uri + page.label + page.fault).encode()


def test_lone_surrogates_are_replaced():
    data = json.dumps(v3(canvas(image(id=IMAGE + "\ud800"), "c\ud800\n", label="\ud800")))
    (page,) = read_manifest(data.encode(), URI)
    assert (page.uri, page.label) == (f"{URI}#id=c", "?") and page.addresses == (IMAGE,)


def test_ten_thousand_pages_are_yielded_one_by_one():
    manifest = v3(
        *(canvas(image([service()]), f"https://example.org/c/{n}") for n in range(10_000))
    )
    data = json.dumps(manifest).encode()
    pages = read_manifest(data, URI)
    assert next(pages).place == 0
    assert sum(1 for _ in pages) == 9_999
