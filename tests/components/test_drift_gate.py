"""A dataset whose splits hold lines of different kinds stops the run."""

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tfx.v1.types.standard_artifacts import ExampleStatistics

from components.drift_gate import COMPARED, FEWEST_LINES, DriftGate, drift_between
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
