"""A dataset whose splits hold lines of different kinds stops the run."""

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tfx.v1.types.standard_artifacts import ExampleStatistics

from components.drift_gate import COMPARED, FEWEST_LINES, DriftGate, drift_between, drift_limit
from components.errors import DatasetError

pytestmark = pytest.mark.train


def lines(count=400, seed=0, **changes):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "width_px": rng.integers(300, 1200, count),
            "height_px": 64,
            "line_length": rng.choice([b"1-20", b"21-40"], count),
            "script": b"Latin",
            "document": [f"d{i}".encode() for i in range(count)],
        }
    )
    return frame.assign(**changes)


def drift(train, evaluation):
    return drift_between(*map(tfdv.generate_statistics_from_dataframe, (train, evaluation)))


def test_lines_of_one_kind_have_not_drifted():
    found = drift(lines(), lines(seed=1))
    assert set(found) == set(COMPARED)
    assert max(found.values()) < 0.1


CHANGES = [
    {"width_px": 2000},
    {"height_px": 96},
    {"script": b"Cyrillic"},
    {"line_length": b"61+"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_lines_of_another_kind_have_drifted(change):
    (name,) = change
    found = drift(lines(), lines(seed=1, **change))
    assert found[name] > 0.3
    assert all(value < 0.1 for other, value in found.items() if other != name)


@pytest.fixture
def artifact(tmp_path):
    """Make an artifact as StatisticsGen leaves it."""

    def make(**frames):
        for split, frame in frames.items():
            folder = tmp_path / f"Split-{split}"
            folder.mkdir()
            statistics = tfdv.generate_statistics_from_dataframe(frame)
            (folder / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
        statistics = ExampleStatistics()
        statistics.uri, statistics.splits = str(tmp_path), list(frames)
        return statistics

    return make


def test_the_gate_reports_the_features_that_have_drifted(artifact):
    statistics = artifact(train=lines(), eval=lines(seed=1, script=b"Cyrillic"))
    with pytest.raises(DatasetError, match="script by 1.00, --max_drift is 0.3; .*raise") as error:
        DriftGate.test_call(statistics=statistics, max_drift=0.3)
    assert "width_px" not in str(error.value)


def test_the_gate_passes_drift_up_to_the_limit(artifact):
    statistics = artifact(train=lines(), eval=lines(seed=1, script=b"Cyrillic"))
    DriftGate.test_call(statistics=statistics, max_drift=1.0)


def test_a_few_lines_are_not_compared(artifact):
    few = lines(FEWEST_LINES - 1, script=b"Cyrillic")
    DriftGate.test_call(statistics=artifact(train=lines(), eval=few), max_drift=0.3)


@pytest.mark.parametrize(
    ("pages", "width_px", "is_refused"),
    [
        (1, 1800, False),  # a page of longer lines than the others
        (2, 1800, True),
        (40, 1800, True),
        (1, 9000, True),
    ],
)
def test_a_few_pages_may_differ_more(artifact, pages, width_px, is_refused):
    # Half of the held-out lines are of another width; of 9000 px are all of them.
    held_out = lines(60, seed=1)
    held_out["page_uri"] = [f"p{i % pages}".encode() for i in range(60)]
    held_out["width_px"] = np.where(
        np.arange(60) % 4 > (0 if width_px < 9000 else -1), width_px, 600
    )
    train = lines().assign(page_uri=[f"t{i % 50}".encode() for i in range(400)])
    statistics = artifact(train=train, eval=held_out)
    if not is_refused:
        DriftGate.test_call(statistics=statistics, max_drift=0.3)
        return
    with pytest.raises(DatasetError, match="width_px by"):
        DriftGate.test_call(statistics=statistics, max_drift=0.3)


@pytest.mark.parametrize(
    ("feature", "pages", "limit"),
    [("width_px", 1, 0.9), ("line_length", 2, 0.6), ("width_px", 60, 0.31), ("script", 1, 0.3)],
)
def test_the_limit_follows_the_number_of_pages(feature, pages, limit):
    assert drift_limit(feature, 0.3, pages) == pytest.approx(limit)
