"""Transcribe into a bucket: the rows of a disk, one run at a time."""

from __future__ import annotations

from tests.pipelines.buckets.tables_read import rows_of


def test_input_model_and_output_in_a_bucket_give_the_rows_of_a_disk(bucket, archive, tmp_path):
    place = bucket.place()
    bucket.put(archive / "in", f"{place}/in")
    bucket.put(archive / "m", f"{place}/m")
    flags = [f"--input={place}/in", f"--model={place}/m", f"--output={place}/out", "--jobs=2"]
    done = bucket.run("transcribe", *flags, "--max_failure_rate=1")
    assert done.returncode == 0, done.stderr
    assert "7 new, 0 changed" in done.stdout and "Traceback" not in done.stderr
    assert f"{place}/m has no model.int8.onnx" in done.stdout
    # The lock and what was unfinished are gone, and nothing is read again.
    assert not [name for name in bucket.names(f"{place}/out") if ".unfinished" in name]
    assert rows_of(bucket.get(f"{place}/out", tmp_path / "out")) == rows_of(archive / "out")
    again = bucket.run("transcribe", *flags, "--max_failure_rate=1")
    assert "7 unchanged" in again.stdout, again.stderr


def test_a_second_run_is_refused_while_the_lock_is_fresh(bucket, archive):
    place = bucket.place()
    bucket.store.write(f"{place}/.unfinished/lock", b'{"holder": "another machine", "token": "x"}')
    inputs = [f"--input={archive / 'in'}", f"--model={archive / 'm'}"]
    done = bucket.run("transcribe", *inputs, f"--output={place}")
    assert done.returncode == 4 and done.stderr.count("\n") == 1
    assert "another run (another machine) writes here" in done.stderr
    assert "its lock expires in 5 min" in done.stderr
