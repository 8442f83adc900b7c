"""Output that appears whole or not at all."""

import pytest

from pipelines.cli.options import UsageError
from pipelines.files.output import check_free, scratch_folder, whole_output


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_there_until_all_is(tmp_path):
    out = tmp_path / "deep" / "out"
    with whole_output(str(out)) as staging:
        assert not out.exists()
        (tmp_path / staging / "a").write_text("x")
    assert names(out) == [".quire", "a"] and names(out.parent) == ["out"]


def test_after_an_error_the_old_output_is_untouched(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").write_text("x")

    def break_down():
        with whole_output(f"{out}/") as staging:
            (tmp_path / staging / "new").write_text("x")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        break_down()
    assert names(tmp_path) == ["out"] and names(out) == ["old"]


def test_the_leftovers_of_a_killed_run_are_not_mixed_in(tmp_path):
    out = tmp_path / "out"
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "stale").write_text("x")
    with whole_output(str(out)) as staging:
        (tmp_path / staging / "new").write_text("x")
    assert names(out) == [".quire", "new"]


def test_something_that_exists_is_only_replaced_on_demand(tmp_path):
    check_free(str(tmp_path / "free"), overwrite=False)
    with whole_output(str(tmp_path / "out")):
        pass
    check_free(str(tmp_path / "out") + "/", overwrite=True)
    with pytest.raises(UsageError, match="--overwrite"):
        check_free(str(tmp_path / "out"), overwrite=False)


def test_what_others_wrote_is_never_replaced(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "note.txt").write_text("x")
    for name in ("scans", "note.txt"):
        with pytest.raises(UsageError, match=f"{name} was not written by Quire .* take it away"):
            check_free(str(tmp_path / name), overwrite=True)


def test_a_scratch_folder_is_its_own(tmp_path):
    (tmp_path / "out.scratch").mkdir()
    with scratch_folder(f"{tmp_path}/out/") as one, scratch_folder(f"{tmp_path}/out") as two:
        assert one != two
    assert names(tmp_path) == ["out.scratch"]
