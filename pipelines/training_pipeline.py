"""The training pipeline in TFX: from lines to a pushed model."""

from __future__ import annotations

from tfx import v1 as tfx

from components.anomaly_gate import AnomalyGate
from components.charset_gen import CharsetGen
from components.evaluation import evaluation_config
from pipelines.options import LOCAL_RUNNER
from pipelines.training_config import LINE_FILES, SPLITS, TrainConfig
from schemas.features import TFX_SCHEMA_PATH

_BEAM_ARGS = [
    f"--runner={LOCAL_RUNNER}",
    "--direct_running_mode=in_memory",
    "--direct_num_workers=1",
    # Everything runs in this process. TFX packs itself up for far-away workers, 50 MB a
    # component, unless they seem to have an image that holds it.
    "--sdk_container_image=none",
]


def create_pipeline(config: TrainConfig) -> tfx.dsl.Pipeline:
    """Wire the components.

    Args:
        config: The run.

    Returns:
        Import, statistics, validation, charset, training, evaluation and push.
    """
    lines = _import_lines(config)
    schema = tfx.components.ImportSchemaGen(schema_file=str(TFX_SCHEMA_PATH))
    statistics = tfx.components.StatisticsGen(
        examples=lines.outputs["examples"], schema=schema.outputs["schema"]
    )
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    gate = AnomalyGate(anomalies=validator.outputs["anomalies"])
    charset = CharsetGen(examples=lines.outputs["examples"])
    charset.add_upstream_node(gate)
    trainer = _train(config, lines, charset)
    evaluator = _evaluate(config, lines, trainer)
    pusher = _push(config, trainer, evaluator)
    return tfx.dsl.Pipeline(
        pipeline_name="quire-train",
        pipeline_root=str(config.run_root),
        components=[
            lines,
            schema,
            statistics,
            validator,
            gate,
            charset,
            trainer,
            evaluator,
            pusher,
        ],
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(config.metadata_path)
        ),
        beam_pipeline_args=_BEAM_ARGS,
        enable_cache=False,
    )


def _import_lines(config: TrainConfig) -> tfx.components.ImportExampleGen:
    splits = [
        tfx.proto.Input.Split(name=split, pattern=f"{split}/{LINE_FILES}") for split in SPLITS
    ]
    return tfx.components.ImportExampleGen(
        input_base=str(config.dataset), input_config=tfx.proto.Input(splits=splits)
    )


def _train(config: TrainConfig, lines, charset) -> tfx.components.Trainer:
    return tfx.components.Trainer(
        run_fn="model.training.run_fn",
        examples=lines.outputs["examples"],
        hyperparameters=charset.outputs["hyperparameters"],
        custom_config={"preset": config.preset, "epochs": config.epochs, "seed": config.seed},
    )


def _evaluate(config: TrainConfig, lines, trainer) -> tfx.components.Evaluator:
    return tfx.components.Evaluator(
        examples=lines.outputs["examples"],
        model=trainer.outputs["model"],
        example_splits=["eval"],
        eval_config=evaluation_config(config.max_cer),
    )


def _push(config: TrainConfig, trainer, evaluator) -> tfx.components.Pusher:
    return tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=str(config.staging))
        ),
    )
