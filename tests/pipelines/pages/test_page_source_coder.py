"""The encoding of page sources."""

import apache_beam as beam
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pages import listing
from pipelines.pages.source_coder import PageSourceCoder
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
def test_a_source_is_decoded_as_it_was_encoded(source):
    coder = PageSourceCoder()
    assert coder.decode(coder.encode(source)) == source


def test_fields_with_usual_values_are_left_out():
    source = PageSource("é.jpg", ("é.jpg",), place=3, document="é.xml")
    assert PageSourceCoder().encode(source) == (
        rb'{"uri":"\u00e9.jpg","document":"\u00e9.xml","place":3}'
    )


def test_listed_pages_use_the_coder():
    inputs = listing.PageInputs(patterns=("*.jpg",), manifests=(), addresses=(), lists=())
    listed = beam.Pipeline() | listing.ListPages(inputs, listing.PagesConfig())
    assert isinstance(beam.coders.registry.get_coder(listed.element_type), PageSourceCoder)
