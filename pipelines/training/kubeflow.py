"""The training pipeline as a specification for Kubeflow Pipelines v2 and Vertex AI."""

from __future__ import annotations

from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineDeploymentConfig
from tfx.v1.orchestration import experimental

from components.storage import join
from pipelines.training.cluster import ClusterConfig, Machine
from pipelines.training.pipeline import Places, create_pipeline

_ResourceSpec = PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec


def compile_pipeline(config: ClusterConfig) -> None:
    """Write the specification to `config.compile_to`.

    Args:
        config: The pipeline.
    """
    places = Places(
        dataset=config.dataset,
        root=join(config.output, ".tfx"),
        models=config.output,
        resources=_resources(config.machine),
    )
    runner = experimental.KubeflowV2DagRunner(
        config=experimental.KubeflowV2DagRunnerConfig(default_image=config.image),
        output_dir=str(config.compile_to.absolute().parent),
        output_filename=config.compile_to.name,
    )
    runner.run(create_pipeline(config.recipe, places))


def _resources(machine: Machine) -> _ResourceSpec:
    resources = _ResourceSpec(cpu_limit=machine.cpus, memory_limit=machine.memory_gb)
    if machine.gpu_count:
        resources.accelerator.type = machine.gpu_type
        resources.accelerator.count = machine.gpu_count
    return resources
