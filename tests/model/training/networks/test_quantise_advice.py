"""The advice of ONNX Runtime to prepare networks is left out, other warnings are not."""

import logging

import pytest

from model.training.networks.quantise_advice import without_advice

ADVICE = "Please consider to run pre-processing before quantization. Refer to example: x"


@pytest.mark.parametrize("advice", [ADVICE, "Please consider pre-processing before quantization."])
def test_only_the_advice_is_left_out(caplog, advice):
    with without_advice():
        logging.warning(advice)
        logging.warning("the model is empty")
    assert caplog.messages == ["the model is empty"]
    logging.warning(advice)
    assert caplog.messages[-1] == advice
