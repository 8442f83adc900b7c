"""Jobs that this process does not wait for: translated for Dataflow, or those of a template."""

from __future__ import annotations

import io
import json
from pathlib import Path

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner
from google.protobuf.json_format import MessageToDict

from pipelines.cli.options import UsageError

TRANSLATING_RUNNER = "pipelines.engines.translation.TranslatingRunner"
TEMPLATE_RUNNER = "pipelines.engines.translation.TemplateRunner"


class Translated(Exception):
    """A job was translated and not sent.

    Attributes:
        job: What Dataflow would get, as JSON.
    """

    def __init__(self, job: str):
        super().__init__("the job was translated and not sent")
        self.job = job

    def write(self, path: str) -> None:
        """Write the job to a file.

        Raises:
            UsageError: If it cannot be written.
        """
        try:
            Path(path).write_text(self.job, "utf-8")
        except OSError as error:
            raise UsageError(
                f"--translate_only {path}: {error.strerror}; give a file to write"
            ) from None


class HandedOver(Exception):
    """A job was written for the launcher of a template, which starts it once this process ends."""


class TemplateRunner(DataflowRunner):
    """Writes a job for the launcher of a Flex Template.

    https://docs.cloud.google.com/dataflow/docs/guides/templates/configuring-flex-templates: the
    launcher waits for the program to end.
    """

    def run_pipeline(self, pipeline, options, pipeline_proto=None):
        """Write the job.

        Raises:
            HandedOver: Always.
        """
        options.view_as(StandardOptions).runner = DataflowRunner.__name__
        super().run_pipeline(pipeline, options, pipeline_proto)
        raise HandedOver


class TranslatingRunner(DataflowRunner):
    """Translates a pipeline as for Dataflow, and raises the job instead of sending it."""

    def run_pipeline(self, pipeline, options, pipeline_proto=None):
        """Translate the pipeline.

        Raises:
            Translated: Always.
        """
        options.view_as(StandardOptions).runner = DataflowRunner.__name__
        result = super().run_pipeline(pipeline, options, pipeline_proto)
        raise Translated(_described(result.job, options))


def _described(job: object, options: PipelineOptions) -> str:
    """Return a job, with its pipeline and the names of the files that it would stage."""
    from apache_beam.runners.dataflow.internal.apiclient import DataflowApplicationClient

    staged: list[str] = []

    class Offline(DataflowApplicationClient):
        def stage_file(self, gcs_or_local_path: str, file_name: str, stream: io.IOBase, *more):
            staged.append(f"{gcs_or_local_path}/{file_name}")

    Offline(options, job.root_staging_location).create_job_description(job)
    pipeline = MessageToDict(job.proto_pipeline)
    return json.dumps({"job": json.loads(str(job)), "pipeline": pipeline, "staged": staged})
