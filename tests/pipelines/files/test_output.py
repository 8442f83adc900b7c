"""Output that appears only when complete."""

import subprocess
import sys

import pytest

from pipelines.archive.folder import Archive
from pipelines.cli.options import UsageError
from pipelines.files.output import check_free, scratch_folder, whole_output


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_output_appears_only_when_complete(tmp_path):
    out = tmp_path / "deep" / "out"
    with whole_output(str(out)) as staging:
        assert not out.exists()
        (tmp_path / staging / "a").write_text("x")
    assert names(out) == [".quire", "a"] and names(out.parent) == ["out"]


def test_an_error_leaves_the_old_output_unchanged(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").write_text("x")
    (out / ".quire").touch()

    def fail_halfway():
        with whole_output(f"{out}/", overwrite=True) as staging:
            (tmp_path / staging / "new").write_text("x")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail_halfway()
    assert names(tmp_path) == ["out"] and names(out) == [".quire", "old"]


def test_the_leftovers_of_a_killed_run_are_not_mixed_in(tmp_path):
    out = tmp_path / "out"
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "stale").write_text("x")
    with whole_output(str(out)) as staging:
        (tmp_path / staging / "new").write_text("x")
    assert names(out) == [".quire", "new"]


def test_one_run_at_a_time_writes_an_output(tmp_path):
    out = tmp_path / "out"
    with whole_output(str(out)) as staging:
        (tmp_path / staging / "new").write_text("x")
        for overwrite in (False, True):
            with pytest.raises(UsageError, match="out: another run .* writes here; wait for it"):
                whole_output(f"{out}/", overwrite).__enter__()
        # One that failed is no reason against the next.
        assert names(tmp_path / staging) == ["new"]
    assert names(tmp_path) == ["out"] and names(out) == [".quire", "new"]
    with pytest.raises(UsageError, match="out exists; give --overwrite"):
        whole_output(str(out)).__enter__()
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("name", ["file/out", "/proc/out", "/dev/null/out", "x" * 300])
def test_an_output_that_cannot_be_written_is_one_line(tmp_path, name):
    (tmp_path / "file").touch()
    output = str(tmp_path / name)
    for write in (whole_output, scratch_folder):
        with pytest.raises(UsageError, match="cannot be written .*; choose another place"):
            write(output).__enter__()
    with pytest.raises(UsageError, match="cannot be written"):
        Archive(output).make()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_killed_run_does_not_keep_the_lock(tmp_path):
    out = tmp_path / "out"
    code = "import sys, time; from pipelines.files.output import whole_output as whole\n"
    code += "with whole(sys.argv[1]): print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, str(out)], stdout=subprocess.PIPE) as run:
        run.stdout.readline()
        with pytest.raises(UsageError, match=f"process {run.pid}"):
            whole_output(str(out)).__enter__()
        run.kill()
    assert names(tmp_path) == [".out.lock", "out.partial"]
    with whole_output(str(out)):
        pass
    assert names(tmp_path) == ["out"]


def test_an_existing_output_is_only_replaced_with_overwrite(tmp_path):
    check_free(str(tmp_path / "free"), overwrite=False)
    with whole_output(str(tmp_path / "out")):
        pass
    check_free(str(tmp_path / "out") + "/", overwrite=True)
    with pytest.raises(UsageError, match="--overwrite"):
        check_free(str(tmp_path / "out"), overwrite=False)


def test_what_other_programs_wrote_is_never_replaced(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "note.txt").write_text("x")
    for name in ("scans", "note.txt"):
        with pytest.raises(UsageError, match=f"{name} was not written by Quire .* remove it"):
            check_free(str(tmp_path / name), overwrite=True)


def test_scratch_folders_are_distinct_and_temporary(tmp_path):
    (tmp_path / "out.scratch").mkdir()
    with scratch_folder(f"{tmp_path}/out/") as one, scratch_folder(f"{tmp_path}/out") as two:
        assert one != two
    assert names(tmp_path) == ["out.scratch"]
