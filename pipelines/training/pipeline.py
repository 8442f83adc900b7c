"""The training pipeline in TFX: from the lines of a dataset to a pushed model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfx import v1 as tfx
from tfx.v1.types.standard_artifacts import Model, ModelBlessing

from components.anomaly_gate import AnomalyGate
from components.base_gate import BaseGate
from components.charset_gen import CharsetGen
from components.code_digest import code_digest
from components.drift_gate import DriftGate
from components.evaluation import evaluation_config
from components.line_example_gen import LineExampleGen
from components.line_schema import LineSchema, schema_text
from components.training import CODE
from pipelines.cli.options import LOCAL_RUNNER
from pipelines.training.config import SPLITS, TrainingRecipe
from schemas.features import LINE_FILES

_BEAM_ARGS = [
    f"--runner={LOCAL_RUNNER}",
    "--direct_running_mode=in_memory",
    "--direct_num_workers=1",
    # Everything runs in this process. Without an image name TFX would pack itself for remote
    # workers, 50 MB for each component.
    "--sdk_container_image=none",
]


@dataclass(frozen=True)
class Places:
    """Where a pipeline reads and writes; paths or URIs.

    Attributes:
        dataset: Folder that `pipelines.ingest` wrote.
        root: Folder of the artifacts.
        models: Folder where the Pusher puts a model, in a new folder of its own.
        metadata: Connection to ML Metadata; None if the orchestrator has its own.
        resources: Resources of the workers of Trainer and Evaluator; None for the default.
    """

    dataset: str
    root: str
    models: str
    metadata: Any = None
    resources: Any = None


def create_pipeline(recipe: TrainingRecipe, places: Places) -> tfx.dsl.Pipeline:
    """Return the pipeline: import, statistics, validation, charset, training, evaluation, push.

    Args:
        recipe: How the model is trained and evaluated.
        places: Where the pipeline reads and writes.
    """
    lines = _import_lines(places.dataset)
    schema = LineSchema(text=schema_text())
    statistics = tfx.components.StatisticsGen(
        examples=lines.outputs["examples"], schema=schema.outputs["schema"]
    )
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    anomalies = AnomalyGate(anomalies=validator.outputs["anomalies"])
    drift = DriftGate(statistics=statistics.outputs["statistics"], max_drift=recipe.max_drift)
    drift.add_upstream_node(anomalies)
    charset = CharsetGen(examples=lines.outputs["examples"], code=code_digest())
    charset.add_upstream_node(drift)
    trainer = _train(recipe, lines, charset)
    blessed = _find_blessed()
    evaluator = _evaluate(recipe, lines, trainer, blessed)
    base = BaseGate(model=trainer.outputs["model"])
    if places.resources is not None:
        for component in (trainer, evaluator):
            component.with_platform_config(places.resources)
    pusher = _push(places.models, trainer, evaluator, base)
    checks = [statistics, validator, anomalies, drift]
    return tfx.dsl.Pipeline(
        pipeline_name="quire-train",
        pipeline_root=places.root,
        components=[lines, schema, *checks, charset, trainer, base, blessed, evaluator, pusher],
        metadata_connection_config=places.metadata,
        beam_pipeline_args=_BEAM_ARGS,
        enable_cache=True,
    )


def _import_lines(dataset: str) -> LineExampleGen:
    splits = [
        tfx.proto.Input.Split(name=split, pattern=f"{split}/{LINE_FILES}") for split in SPLITS
    ]
    return LineExampleGen(input_base=dataset, input_config=tfx.proto.Input(splits=splits))


def _train(recipe: TrainingRecipe, lines, charset) -> tfx.components.Trainer:
    return tfx.components.Trainer(
        run_fn="components.training.run_fn",
        examples=lines.outputs["examples"],
        hyperparameters=charset.outputs["hyperparameters"],
        custom_config={**recipe.training, CODE: code_digest()},
    )


def _find_blessed() -> tfx.dsl.Resolver:
    return tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=Model),
        model_blessing=tfx.dsl.Channel(type=ModelBlessing),
    ).with_id("LatestBlessed")


def _evaluate(recipe: TrainingRecipe, lines, trainer, blessed) -> tfx.components.Evaluator:
    return tfx.components.Evaluator(
        examples=lines.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=blessed.outputs["model"],
        example_splits=["eval"],
        eval_config=evaluation_config(recipe.max_cer),
    )


def _push(models: str, trainer, evaluator, base) -> tfx.components.Pusher:
    return tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=base.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=models)
        ),
    )
