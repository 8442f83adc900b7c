"""Leaks found through files and short keys are those found by comparing all pairs of lines."""

import json

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.options import LOCAL_RUNNER
from pipelines.dataset import leaks as leaks_module
from pipelines.dataset.leaks import FACT_FOLDERS, FindLeaks
from pipelines.transforms.write import WriteJsonLines
from schemas.features import SPLITS
from schemas.records import Leak
from tests.facts import drawn_fact, leaks_among

TEXTS = ("Jean Martin, notaire", "le douze mars", "fils de Marie", "46", "acte de mariage")


def some_facts(seed):
    """Draw lines in three splits: copies, lines of one image, and lines of neither."""
    rng = np.random.default_rng(seed)
    facts = []
    for number in range(40):
        text = rng.choice(TEXTS) if number % 2 else f"{rng.choice(TEXTS)} {number * 37}"
        sha = f"page {rng.integers(30)}"
        facts.append(drawn_fact(f"{number:02}", str(rng.choice(SPLITS)), text, sha))
    return facts


def found_by_beam(facts, folder, name):
    for part in FACT_FOLDERS:
        (folder / name / part).mkdir(parents=True)
    with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
        (
            pipeline
            | beam.Create(facts)
            | FindLeaks(str(folder / name))
            | beam.Map(vars)
            | WriteJsonLines(str(folder / name / "leaks"))
        )
    rows = (folder / name / "leaks.jsonl").read_text().splitlines()
    return sorted((Leak(**json.loads(row)) for row in rows), key=lambda leak: leak.page_uri)


@pytest.mark.parametrize("most_entries", [10, 1 << 20])
def test_leaks_are_those_of_all_pairs(tmp_path, monkeypatch, most_entries):
    monkeypatch.setattr(leaks_module, "_MOST_ENTRIES", most_entries)
    facts = some_facts(1)
    expected = leaks_among(facts)
    assert {leak.kind for leak in expected} == {"same image", "near duplicate"}
    assert found_by_beam(facts, tmp_path, "a") == expected
    assert found_by_beam(facts[::-1], tmp_path, "b") == expected


def test_lines_of_one_split_do_not_leak(tmp_path):
    facts = [drawn_fact(name, "train", "Jean Martin, notaire") for name in "ab"]
    assert found_by_beam(facts, tmp_path, "a") == []
