"""The artifacts of a run, looked up in ML Metadata: made by the run, or taken from the cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from pipelines.training.config import TrainConfig

_RUN = "pipeline_run"


@dataclass(frozen=True)
class RunArtifacts:
    """The artifacts of a run.

    Attributes:
        folders: The folder of each component and output, such as ('Trainer', 'model').
    """

    folders: dict[tuple[str, str], Path]

    def folder(self, component: str, output: str) -> Path:
        """Return the folder of an output."""
        return self.folders[component, output]


def read_artifacts(config: TrainConfig) -> RunArtifacts:
    """Return the artifacts of a finished run, including those from the cache.

    Args:
        config: The run.
    """
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(config.metadata_path)
    store = MetadataStore(connection)
    run = store.get_context_by_type_and_name(_RUN, config.run_id)
    # An execution type is named after the component's class, with its module.
    components = {t.id: t.name.rpartition(".")[2] for t in store.get_execution_types()}
    folders = {}
    for execution in store.get_executions_by_context(run.id):
        for event in store.get_events_by_execution_ids([execution.id]):
            if event.type == metadata_store_pb2.Event.OUTPUT:
                (artifact,) = store.get_artifacts_by_id([event.artifact_id])
                key = components[execution.type_id], event.path.steps[0].key
                folders[key] = Path(artifact.uri)
    return RunArtifacts(folders)
