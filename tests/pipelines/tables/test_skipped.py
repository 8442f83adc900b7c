"""Files that were left out are counted and named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.options import UsageError
from pipelines.tables.account import Account
from pipelines.tables.skipped import SkippedFiles, check_some_page
from schemas.records import Skipped, SkipReason

FILES = st.lists(
    st.builds(
        Skipped,
        st.text("ab/", min_size=1, max_size=5),
        st.sampled_from(["x is described by another file", *SkipReason]),
    )
)


def counted(files):
    total = SkippedFiles()
    for file in files:
        total.add(file)
    return total


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], ""),
        ([("d/._a.png", SkipReason.STRAY)], "skipped: 1 file that is no page (._a.png)"),
        (
            [("d/a.zip", "no image"), ("metadata.xml", "no image"), ("x.md", "unsupported")],
            "skipped: 3 files that are no pages (a.zip, metadata.xml, x.md)",
        ),
        (
            [(f"{n}.txt", "no image") for n in range(9)],
            "skipped: 9 files that are no pages (0.txt, 1.txt, 2.txt, 3.txt, 4.txt, ...)",
        ),
        ([("d/p.xml", SkipReason.NO_IMAGE)], "skipped: 1 XML file beside images (p.xml)"),
        ([("d/page/p.png", SkipReason.MASK)], "skipped: 1 mask beside XML (p.png)"),
        (
            [("p.b.xml", "p.png is described by another file"), ("p.md", "no image")],
            "skipped: 1 file that is no page (p.md)\n"
            "skipped: 1 file whose page another file describes (p.b.xml)",
        ),
    ],
)
def test_files_are_named_in_one_line_a_cause(files, said):
    lines = str(counted(Skipped(*file) for file in files)).splitlines()
    assert sorted(lines) == sorted(said.splitlines())


@given(FILES, FILES)
def test_counts_of_workers_add_up(some, others):
    merged = counted(some)
    merged.merge(counted(others))
    assert str(merged) == str(counted([*others, *some]))
    assert merged.total == len(some) + len(others)


def test_an_input_without_any_page_is_refused():
    check_some_page(Account(1, 0, 1, 0, 0, 0, 0), SkippedFiles())
    check_some_page(Account(2, 0, 0, 2, 0, 0, 0, 0, 1), counted([Skipped("a", "no image")]))
    with pytest.raises(UsageError, match=r"no file of --input is a page \(a.zip\); give"):
        check_some_page(Account(1, 0, 0, 1, 0, 0, 0), counted([Skipped("a.zip", "no image")]))
