"""LineSchema: provide the schema of lines to TFX.

The text of the schema is a parameter of the component: a worker may not have the file, and with
a changed schema the component is run again.
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
    """Return `schemas/line.pbtxt` with the features that LineExampleGen adds, as protobuf text."""
    return Path(TFX_SCHEMA_PATH).read_text("utf-8") + SCHEMA_TEXT


# TFX evaluates these annotations: no `from __future__ import annotations` in this module.
@tfx.dsl.components.component
def LineSchema(  # noqa: N802
    text: Parameter[str],
    schema: OutputArtifact[Schema],
):
    """Write the schema.

    Args:
        text: Result of `schema_text`.
        schema: Artifact to write schema.pbtxt to.
    """
    write_text(join(schema.uri, SCHEMA_FILE), text)
