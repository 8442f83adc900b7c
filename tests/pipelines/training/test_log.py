"""What a training run prints, and what it does not."""

import logging

import pytest
from absl import logging as absl_logging

from pipelines.training.log import training_log

pytestmark = pytest.mark.train

ABSL = logging.getLogger("absl")


def test_only_steps_and_warnings_are_printed(capsys):
    with training_log() as log:
        ABSL.info("Component %s is running.", "Trainer")
        ABSL.info("Publishing output artifacts")
        ABSL.warning("disk is nearly full")
        ABSL.warning("ArtifactQuery.property_predicate is not supported.")
        logging.getLogger("apache_beam.io").error("worker lost")
        assert log.step == "Trainer"
    out, err = capsys.readouterr()
    assert out == "Trainer ...\n"
    assert err == "WARNING absl: disk is nearly full\nERROR apache_beam.io: worker lost\n"


def test_loggers_are_restored():
    def state():
        return [
            (logger.handlers, logger.level, logger.propagate)
            for logger in map(logging.getLogger, ("absl", "tensorflow", "apache_beam"))
        ]

    before = state()
    with training_log():
        assert state() != before
    assert state() == before


def test_steps_are_printed_after_tensorflow_has_reset_the_level(capsys):
    with training_log():
        remembered = absl_logging.get_verbosity()
        absl_logging.set_verbosity(absl_logging.FATAL)
        absl_logging.set_verbosity(remembered)
        ABSL.info("Component %s is running.", "Pusher")
    assert capsys.readouterr().out == "Pusher ...\n"


def test_cached_results_are_reported(capsys):
    with training_log():
        ABSL.info("Component %s is running.", "Trainer")
        ABSL.info("A cached execution %d is used.", 7)
    assert capsys.readouterr().out == (
        "Trainer ...\nTrainer: nothing has changed, the result of an earlier run is used\n"
    )
