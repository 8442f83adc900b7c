"""One training run: run the pipeline, read the outcome, release the model."""

from __future__ import annotations

import sys
import traceback

from tfx import v1 as tfx
from tfx.orchestration.portable.runtime_parameter_utils import substitute_runtime_parameter

from components.errors import DatasetError
from model.recogniser.bundle import LATEST
from model.training.comparison import refusal_of
from pipelines.cli.options import EXIT_FAILURES, EXIT_OK, UsageError
from pipelines.training.config import TrainConfig
from pipelines.training.log import training_log
from pipelines.training.pipeline import Places, create_pipeline
from pipelines.training.release import Outcome, read_outcome, release

EXIT_BROKEN = 1
_RUN_ID = "pipeline-run-id"


def run_train(config: TrainConfig) -> int:
    """Train, and release the model if its error rate is low enough.

    Args:
        config: The run.

    Returns:
        The exit status: 0 released, 1 a component failed, 3 not released.

    Raises:
        UsageError: If the dataset cannot be trained on.
    """
    with training_log() as log:
        try:
            _NamedRun(config.run_id).run(create_pipeline(config.recipe, _places(config)))
            outcome = read_outcome(config)
            released = release(config, outcome) if outcome.is_accepted else None
        except DatasetError as error:
            raise UsageError(str(error)) from None
        except Exception as error:
            traceback.print_exc()
            print(f"train: {log.step or 'setup'} failed: {error_line(error)}", file=sys.stderr)
            return EXIT_BROKEN
    if released is None:
        print(refusal(outcome, config.recipe.max_cer), file=sys.stderr)
        return EXIT_FAILURES
    verb = "released" if released.is_new else "nothing has changed since"
    print(f"{verb} {released.folder} ({LATEST}): {summary(outcome)}")
    return EXIT_OK


class _NamedRun(tfx.orchestration.LocalDagRunner):
    """Run the pipeline with a given identifier, to find this run in ML Metadata."""

    def __init__(self, run_id: str):
        super().__init__()
        self._run_id = run_id

    def run_with_ir(self, pipeline, *args, **options):
        """Run with the given identifier, where TFX would use the time."""
        substitute_runtime_parameter(pipeline, {_RUN_ID: self._run_id})
        super().run_with_ir(pipeline, *args, **options)


def _places(config: TrainConfig) -> Places:
    metadata = tfx.orchestration.metadata.sqlite_metadata_connection_config(
        str(config.metadata_path)
    )
    return Places(str(config.dataset), str(config.run_root), str(config.staging), metadata)


def summary(outcome: Outcome) -> str:
    """Return the error rates of the model on the eval split, in a few words."""
    overall = outcome.evaluation.overall
    low, high = overall.cer_interval
    return (
        f"CER {overall.characters.rate:.2%} ({low:.2%} to {high:.2%}), "
        f"WER {overall.words.rate:.2%} on {overall.lines} lines of split eval"
    )


def refusal(outcome: Outcome, max_cer: float) -> str:
    """Return why a model is not released, and the cures."""
    if not outcome.is_better_than_base:
        return refusal_of(outcome.base)
    cer, baseline = outcome.evaluation.overall.characters.rate, outcome.evaluation.baseline
    reasons, cures = [], ["train for more --epochs", "ingest more pages"]
    if not cer <= max_cer:
        reasons.append(f"--max_cer is {max_cer}")
        cures.append("raise --max_cer")
    if baseline is not None and not cer <= baseline.characters.rate:
        reasons.append(f"the last good model reads them at CER {baseline.characters.rate:.2%}")
        cures.append("choose another --output")
    cure = f"{', '.join(cures[:-1])} or {cures[-1]}"
    return f"not released: {summary(outcome)}, but {' and '.join(reasons)}; {cure}"


def error_line(error: Exception) -> str:
    """Return the line of an error's message that says what happened.

    Beam puts the whole traceback of a worker into its message; the error itself is the last line.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    if lines[0].startswith("Traceback"):
        return lines[-1]
    return f"{type(error).__name__}: {lines[0]}"
