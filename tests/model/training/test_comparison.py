"""A fine-tuned model is better than its base only beyond the noise of the held-out lines."""

from dataclasses import replace

import pytest

from model.evaluation.metrics import ErrorCount
from model.recogniser.bundle import load_bundle, write_card
from model.training.base_model import page_keys
from model.training.comparison import Comparison, LineErrors, compare_models, refusal_of
from tests.drawn import line_example, write_tfrecords
from tests.fakes import write_fake_bundle, write_language_model


def errors(edits):
    lines = tuple(ErrorCount(n, 30) for n in edits)
    return LineErrors(lines, lines)


def comparison(before, after, beam=None):
    both = [{"greedy": errors(before)}, {"greedy": errors(after)}]
    if beam:
        for found, edits in zip(both, beam):
            found["beam"] = errors(edits)
    return Comparison(2, *both)


EQUAL = [3, 4, 5, 2, 6, 3, 4, 5]
CLEARLY_BETTER = [1, 2, 2, 1, 2, 1, 2, 2]
# One edit less in all, of lines that differ by several.
BETTER_BY_CHANCE = [6, 1, 7, 0, 8, 1, 6, 2]


@pytest.mark.parametrize(
    ("before", "after", "beam", "is_better", "reason"),
    [
        (EQUAL, CLEARLY_BETTER, None, True, "half of the errors"),
        (EQUAL, EQUAL, None, False, "the same errors"),
        (EQUAL, BETTER_BY_CHANCE, None, False, "one edit of 31 is noise"),
        (CLEARLY_BETTER, EQUAL, None, False, "worse"),
        ([0] * 8, [0] * 8, None, False, "the base makes no errors"),
        (EQUAL, CLEARLY_BETTER, (EQUAL, CLEARLY_BETTER), True, "both ways of reading"),
        (EQUAL, CLEARLY_BETTER, (EQUAL, EQUAL), True, "beam search as before"),
        (EQUAL, EQUAL, (EQUAL, CLEARLY_BETTER), True, "only the language model is better"),
        (EQUAL, CLEARLY_BETTER, (CLEARLY_BETTER, EQUAL), False, "beam search is worse"),
    ],
)
def test_a_model_is_better_if_no_reading_is_worse(before, after, beam, is_better, reason):
    assert comparison(before, after, beam).is_better is is_better, reason


def test_the_table_and_the_card_have_both_models_and_all_methods():
    found = comparison(EQUAL, CLEARLY_BETTER, (EQUAL, CLEARLY_BETTER))
    assert str(found).splitlines() == [
        "on 8 held-out lines of 2 pages:",
        "             CER greedy     CER beam   WER greedy     WER beam",
        "  before         13.33%       13.33%       13.33%       13.33%",
        "  after           5.42%        5.42%        5.42%        5.42%",
    ]
    facts = found.to_dict()
    assert facts["is_better"] is True and facts["pages"] == 2
    assert facts["before"]["beam"]["cer"] == pytest.approx(32 / 240)


def test_a_refusal_has_the_figures_and_a_cure():
    text = refusal_of(comparison(EQUAL, EQUAL).to_dict())
    assert "greedy CER 13.33% before and 13.33% after" in text and "recipe teach" in text
    assert "\n" not in text


@pytest.fixture
def eval_paths(tmp_path):
    lines = [line_example("abba", i, "eval") for i in range(6)]
    write_tfrecords(
        tmp_path / "e", [replace(line, page_uri=f"p{i % 2}") for i, line in enumerate(lines)]
    )
    return [str(tmp_path / "e")]


@pytest.mark.parametrize(
    ("has_model", "methods"),
    [((True, True), ["greedy", "beam"]), ((False, True), ["greedy"]), ((True, False), ["greedy"])],
)
def test_models_are_compared_by_the_methods_that_both_have(
    tmp_path, eval_paths, has_model, methods
):
    folders = [write_fake_bundle(tmp_path / name) for name in ("base", "tuned")]
    for folder, has_language_model in zip(folders, has_model):
        if has_language_model:
            write_language_model(folder, ["abba", "baba"])
    found = compare_models(*folders, eval_paths)
    assert list(found.before) == list(found.after) == methods
    assert (found.lines, found.pages) == (6, 2)
    assert found.before["greedy"] == found.after["greedy"]
    assert not found.is_better


def test_a_base_for_lines_of_another_height_reads_them_too(tmp_path, eval_paths):
    low = write_fake_bundle(tmp_path / "low", strip_height_px=48)
    same = write_fake_bundle(tmp_path / "same")
    assert load_bundle(low).preprocess.strip_height_px == 48
    found = compare_models(low, same, eval_paths)
    assert found.before["greedy"] == found.after["greedy"]


def test_no_held_out_text_is_an_error(tmp_path):
    write_tfrecords(tmp_path / "e", [replace(line_example("a", 0), text=" ")])
    with pytest.raises(ValueError, match="--eval_fraction"):
        compare_models(tmp_path, tmp_path, [str(tmp_path / "e")])


def test_pages_that_the_base_was_trained_on_do_not_count(tmp_path, eval_paths):
    base, tuned = (write_fake_bundle(tmp_path / name) for name in ("base", "tuned"))
    write_card(base, {"trained_pages": page_keys(["p0"])})
    found = compare_models(base, tuned, eval_paths)
    assert (found.lines, found.pages, found.is_known) == (3, 1, False)
    write_card(base, {"trained_pages": page_keys(["p0", "p1"])})
    found = compare_models(base, tuned, eval_paths)
    assert (found.lines, found.pages, found.is_known) == (6, 2, True)
    assert "the base was trained on these pages" in str(found)
