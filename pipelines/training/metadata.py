"""What a run left behind, as ML Metadata remembers it: made now, or taken from its cache."""

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
        folders: For each component and output, such as ('Trainer', 'model'), its folder.
    """

    folders: dict[tuple[str, str], Path]

    def folder(self, component: str, output: str) -> Path:
        """Look a folder up."""
        return self.folders[component, output]


def read_artifacts(config: TrainConfig) -> RunArtifacts:
    """Ask ML Metadata for the artifacts of a finished run.

    Args:
        config: The run.

    Returns:
        Its artifacts, those from the cache included.
    """
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(config.metadata_path)
    store = MetadataStore(connection)
    run = store.get_context_by_type_and_name(_RUN, config.run_id)
    # The name of a component's type is the path of its class.
    components = {t.id: t.name.rpartition(".")[2] for t in store.get_execution_types()}
    folders = {}
    for execution in store.get_executions_by_context(run.id):
        for event in store.get_events_by_execution_ids([execution.id]):
            if event.type == metadata_store_pb2.Event.OUTPUT:
                (artifact,) = store.get_artifacts_by_id([event.artifact_id])
                key = components[execution.type_id], event.path.steps[0].key
                folders[key] = Path(artifact.uri)
    return RunArtifacts(folders)
