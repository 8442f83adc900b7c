"""Sources of pages as bytes."""

import apache_beam as beam
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pages import listing as page_files
from pipelines.pages.listing import PageSourceCoder
from schemas.records import PageSource

SOURCES = st.builds(
    PageSource,
    uri=st.text(),
    addresses=st.lists(st.text(), max_size=3).map(tuple),
    document=st.text(),
    place=st.integers(0, 10**6),
    label=st.text(),
    canvas_px=st.tuples(st.integers(0, 10**5), st.integers(0, 10**5)),
    fault=st.text(),
    attempts=st.integers(1, 9),
    is_transient=st.booleans(),
)


@given(SOURCES)
def test_a_source_is_read_back(source):
    coder = PageSourceCoder()
    assert coder.decode(coder.encode(source)) == source


def test_a_file_takes_little_more_than_its_name():
    source = PageSource("é.jpg", ("é.jpg",), place=3, document="é.xml")
    assert PageSourceCoder().encode(source) == (
        rb'{"uri":"\u00e9.jpg","document":"\u00e9.xml","place":3}'
    )


def test_listed_pages_travel_so():
    inputs = page_files.PageInputs(patterns=("*.jpg",), manifests=(), addresses=(), lists=())
    listed = beam.Pipeline() | page_files.ListPages(inputs, page_files.PagesConfig())
    assert isinstance(beam.coders.registry.get_coder(listed.element_type), PageSourceCoder)
