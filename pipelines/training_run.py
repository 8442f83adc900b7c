"""One training run: run the pipeline, look at its verdict, release the model."""

from __future__ import annotations

import sys
import traceback

from tfx import v1 as tfx

from components.errors import DatasetError
from pipelines.options import EXIT_FAILURES, EXIT_OK, UsageError
from pipelines.training_config import LATEST, TrainConfig
from pipelines.training_log import training_log
from pipelines.training_pipeline import create_pipeline
from pipelines.training_release import Outcome, read_outcome, release

EXIT_BROKEN = 1


def run_train(config: TrainConfig) -> int:
    """Train, and release the model if it reads well enough.

    Args:
        config: The run.

    Returns:
        The exit status: 0 released, 1 a component broke, 3 not released.

    Raises:
        UsageError: If the dataset cannot be trained on.
    """
    with training_log() as log:
        try:
            tfx.orchestration.LocalDagRunner().run(create_pipeline(config))
            outcome = read_outcome(config)
            released = release(config, outcome) if outcome.blessed else None
        except DatasetError as error:
            raise UsageError(str(error)) from None
        except Exception as error:
            traceback.print_exc()
            print(f"train: {log.step or 'setup'} failed: {essence(error)}", file=sys.stderr)
            return EXIT_BROKEN
    if released is None:
        print(refusal(outcome, config.max_cer), file=sys.stderr)
        return EXIT_FAILURES
    print(f"released {released} ({LATEST}): {summary(outcome)}")
    return EXIT_OK


def summary(outcome: Outcome) -> str:
    """Say in a few words how well the model reads."""
    overall = outcome.evaluation.overall
    return (
        f"CER {overall.characters.rate:.2%}, WER {overall.words.rate:.2%} "
        f"on {overall.lines} lines of split eval"
    )


def refusal(outcome: Outcome, max_cer: float) -> str:
    """Say why a model is not released, and what to do."""
    return (
        f"not released: {summary(outcome)}, but --max_cer is {max_cer}; "
        "train for more --epochs, ingest more pages or raise --max_cer"
    )


def essence(error: Exception) -> str:
    """Give the one line of an error that says what happened.

    Beam puts the worker's whole traceback into its message; the error itself comes last.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    if lines[0].startswith("Traceback"):
        return lines[-1]
    return f"{type(error).__name__}: {lines[0]}"
