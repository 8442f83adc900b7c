"""Assignment of pages to splits."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.dataset.split_names import official_split
from model.dataset.split_plan import SplitPlan
from model.dataset.splits import SplitConfig, document_of
from schemas.records import Page


def choose_split(page, official, config):
    """Return the split of a page among many."""
    return SplitPlan(config, frozenset(official)).split_of(page)


NAMES = st.text(alphabet="abc0123", min_size=1, max_size=8)


@given(NAMES, NAMES, st.integers(0, 5))
def test_a_page_keeps_its_split_when_the_dataset_moves(document, name, seed):
    config = SplitConfig(seed=seed)
    here = Page(f"/a/{document}/{name}.jpg", document=document)
    there = Page(f"gs://b/{document}/{name}.jpg", document=document)
    assert choose_split(here, set(), config) == choose_split(there, set(), config)


def test_split_sizes_are_close_to_their_fractions():
    config = SplitConfig(eval_fraction=0.2, test_fraction=0.1)
    pages = [Page(f"d/{i}.jpg", document="d") for i in range(4000)]
    counts = Counter(choose_split(page, set(), config) for page in pages)
    assert abs(counts["eval"] / 4000 - 0.2) < 0.03
    assert abs(counts["test"] / 4000 - 0.1) < 0.03


@given(NAMES, st.sampled_from(["eval", "test"]))
def test_official_eval_and_test_pages_keep_their_split(name, split):
    page = Page(f"d/{name}.jpg", document="d", split=split)
    assert choose_split(page, {split}, SplitConfig()) == split


@given(NAMES)
def test_official_training_pages_never_become_test_pages(name):
    page = Page(f"d/{name}.jpg", document="d", split="train")
    assert choose_split(page, {"train", "eval"}, SplitConfig()) == "train"
    assert choose_split(page, {"train"}, SplitConfig(0.4, 0.5)) in ("train", "eval")


def test_the_folder_names_split_and_document():
    assert official_split("x/validation/page/1.xml") == "eval"
    assert official_split("train/other/1.xml") == "train"
    assert official_split("trains/1.xml") == ""
    assert document_of("cremma/data/lettres-veuillot/1.jpg") == "lettres-veuillot"


def test_fractions_without_training_pages_are_refused():
    with pytest.raises(ValueError, match="no page to train on; lower one of them"):
        SplitConfig(0.5, 0.5)


@given(NAMES, NAMES, st.sampled_from(["document", "writer"]))
def test_a_group_stays_in_one_split(document, writer, group_by):
    config = SplitConfig(0.3, 0.3, group_by=group_by)
    named = writer if group_by == "writer" else ""
    pages = [Page(f"d/{i}.jpg", document=document, writer=named) for i in range(20)]
    assert len({choose_split(page, set(), config) for page in pages}) == 1


def test_an_unknown_group_by_is_refused():
    with pytest.raises(ValueError, match="--group_by colour: choose one of page, document, writer"):
        SplitConfig(group_by="colour")
