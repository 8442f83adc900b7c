"""No table runs code as it is read."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

ROOT = Path(__file__).parents[2]
WRITE = """
import os, sys
import pyarrow as pa
import pyarrow.parquet as pq

class Pickled(pa.PyExtensionType):
    def __init__(self):
        super().__init__(pa.string())

    def __reduce__(self):
        return os.mkdir, ("ran",)

texts = pa.ExtensionArray.from_storage(Pickled(), pa.array(["a"]))
table = pa.table({"text": texts, "image": [b"x"]})
pq.write_table(table, "x.parquet")
with pa.OSFile("x.arrow", "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
    writer.write_table(table)
os._exit(0)
"""
# pyarrow 10 aborts where a process ends in the moment in which a thread of its frees a buffer.
READ = """
import os, sys
from pipelines.formats.tables.hugging_face import read_hugging_face
from pipelines.files.filesystem import BeamFiles

try:
    print(list(read_hugging_face(sys.argv[1], BeamFiles(("",)))), flush=True)
except ValueError as error:
    print(error, flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow"])
def test_pickled_types_are_refused(tmp_path, name):
    if not hasattr(pa, "PyExtensionType"):
        pytest.skip("this pyarrow has no pickled types")
    run = [sys.executable, "-c"]
    subprocess.run([*run, WRITE], cwd=tmp_path, check=True)
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{READ}"
    ended = subprocess.run([*run, code, name], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert not (tmp_path / "ran").exists()
    assert "a pickled type, which is never read" in ended.stdout
    assert ended.stdout.count("\n") == 1
