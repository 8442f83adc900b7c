"""Decoding settings of a bundle, as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoding.config import BEAM, GREEDY, BeamConfig, DecodingConfig
from model.decoding.page_error import PageErrorModel
from model.decoding.settings import Calibration, DecodingSettings

SHARES = st.floats(0, 1)
CALIBRATIONS = st.builds(
    Calibration,
    st.floats(0.1, 10),
    st.none()
    | st.lists(st.tuples(SHARES, SHARES), min_size=1).map(
        lambda points: PageErrorModel(*(tuple(sorted(values)) for values in zip(*points)))
    ),
)
SEARCHES = st.builds(BeamConfig, st.integers(1, 1024), st.floats(0, 10), st.floats(-20, 20))


@given(
    st.builds(
        DecodingSettings,
        SEARCHES,
        st.booleans(),
        st.floats(0, 1, exclude_max=True),
        st.floats(0, 1, exclude_max=True),
        CALIBRATIONS,
        CALIBRATIONS,
    )
)
def test_settings_are_read_back(settings):
    assert DecodingSettings.from_json(settings.to_json()) == settings


def test_settings_of_older_versions_are_read_with_new_features_off():
    data = json.loads(DecodingSettings().to_json())
    del data["search"]["frequency_weight"], data["search"]["unknown_edge_penalty"]
    search = DecodingSettings.from_json(json.dumps(data)).search
    assert (search.frequency_weight, search.unknown_edge_penalty) == (0, 0)
    assert search.blank_penalty == BeamConfig().blank_penalty
    del data["knows_words"], data["auxiliary_share"], data["recurrent_share"]
    del data["search"]["blank_penalty"]
    settings = DecodingSettings.from_json(json.dumps(data))
    assert settings.search.blank_penalty == 0
    assert not settings.knows_words and settings.auxiliary_share == 0
    assert settings.recurrent_share == 0


def test_each_decoding_method_has_its_calibration():
    settings = DecodingSettings(greedy=Calibration(2.0), beam=Calibration(3.0))
    assert [settings.calibration(method).temperature for method in (GREEDY, BEAM)] == [2, 3]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            (),
            [],
            "is not {search, knows_words, .*, most_surprise_nats, language}",
        ),
        (("recurrent_share",), -0.5, "recurrent_share of -0.5; give a number from 0 to below 1"),
        (
            ("more",),
            1,
            "is not {search, knows_words, .*, most_surprise_nats, language}",
        ),
        (("auxiliary_share",), 1, "auxiliary_share of 1; give a number from 0 to below 1"),
        (("auxiliary_share",), True, "auxiliary_share of True"),
        (("auxiliary_share",), "0.5", "auxiliary_share of '0.5'"),
        (("knows_words",), 1, "knows_words of 1; give true or false"),
        (("search",), {"width": 3}, "settings of the beam search are not"),
        (("search", "width"), 10_000, "beam of 10000 prefixes"),
        (("search", "width"), "16", "width of '16'"),
        (("search", "lm_weight"), float("nan"), "lm_weight of nan"),
        (("beam",), None, "calibration is not {temperature, page_error}"),
        (("beam", "temperature"), 0, "temperature of 0"),
        (("beam", "temperature"), True, "temperature of True"),
        (("beam", "temperature"), "1", "not numbers"),
        (("most_surprise_nats",), 0, "most_surprise_nats of 0; give a number above 0"),
        (
            ("most_surprise_nats",),
            True,
            "most_surprise_nats of True; give a number above 0, or null",
        ),
        (("most_surprise_nats",), "2", "not numbers"),
        (("greedy", "page_error"), {"doubts": [1]}, "prediction of errors is not"),
    ],
)
def test_invalid_settings_are_refused(path, value, message):
    data = json.loads(DecodingSettings().to_json())
    place = data
    for name in path[:-1]:
        place = place[name]
    if path:
        place[path[-1]] = value
    with pytest.raises(ValueError, match=message):
        DecodingSettings.from_json(json.dumps(data if path else value))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"method": "best"}, "decoding 'best'; choose greedy or beam"),
        ({"beam_width": 10_000}, "beam of 10000 prefixes; choose 1 to 1024, or 0"),
        ({"beam_width": -1}, "beam of -1 prefixes"),
        ({"most_lines": 0}, "0 texts of a line"),
    ],
)
def test_invalid_decoding_flags_are_refused(flags, message):
    with pytest.raises(ValueError, match=message):
        DecodingConfig(**flags)
