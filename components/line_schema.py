"""LineSchema: hand the schema of lines to TFX.

Its text travels in the pipeline itself: a worker may have it nowhere, and a changed schema
is a changed step.
"""

from pathlib import Path

from tfx import v1 as tfx
from tfx.v1.dsl.components import OutputArtifact, Parameter
from tfx.v1.types.standard_artifacts import Schema

from components.line_features import SCHEMA_TEXT
from components.storage import join, write_text
from schemas.features import TFX_SCHEMA_PATH

SCHEMA_FILE = "schema.pbtxt"


def schema_text() -> str:
    """Give `schemas/line.pbtxt` and what LineExampleGen adds, as protobuf text."""
    return Path(TFX_SCHEMA_PATH).read_text("utf-8") + SCHEMA_TEXT


# TFX reads these annotations as they stand: no `from __future__ import annotations` here.
@tfx.dsl.components.component
def LineSchema(  # noqa: N802
    text: Parameter[str],
    schema: OutputArtifact[Schema],
):
    """Write the schema.

    Args:
        text: What `schema_text` gives.
        schema: Takes schema.pbtxt.
    """
    write_text(join(schema.uri, SCHEMA_FILE), text)
