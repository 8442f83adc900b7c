"""The settings file."""

from __future__ import annotations

import pytest

from pipelines.cli.options import UsageError, add_output_flags, verb_parser
from pipelines.cli.running import run_verb
from pipelines.cli.settings import with_settings
from pipelines.engines.running import run_beam_verb

SECTIONS = ("transcribe", "query")


@pytest.fixture
def parse(tmp_path):
    """Return a function from the text of a settings file and flags to the values of flags."""

    def parse(text, *flags):
        path = tmp_path / "quire.toml"
        path.write_text(text, "utf-8")
        parser = verb_parser("transcribe", "A test.")
        add_output_flags(parser, default="out")
        parser.add_argument("--input", nargs="+")
        parser.add_argument("--set", action="append", default=[])
        parser.add_argument("--jobs", type=int)
        argv = [*flags, f"--config={path}"]
        return parser.parse_args(with_settings(parser, SECTIONS, argv, lambda flag: False))

    return parse


@pytest.mark.parametrize(
    ("text", "flags", "name", "value"),
    [
        ("jobs = 3", (), "jobs", 3),
        ("jobs = 3", ("--jobs", "2"), "jobs", 2),
        ("jobs = 3", ("--jobs=2",), "jobs", 2),
        ("input = 'scans/*.jpg'", (), "input", ["scans/*.jpg"]),
        ("input = ['a', 'b c']", (), "input", ["a", "b c"]),
        ("input = ['a', 'b']", ("--input", "c"), "input", ["c"]),
        ("output = 'out/été'", (), "output", "out/été"),
        ("max_failure_rate = 0.2", (), "max_failure_rate", 0.2),
        ("max_failure_rate = 0", (), "max_failure_rate", 0.0),
        ("overwrite = true", (), "overwrite", True),
        ("overwrite = false", (), "overwrite", False),
        ("overwrite = false", ("--overwrite",), "overwrite", True),
        ("overwrite = true", ("--no_overwrite",), "overwrite", False),
        ("set = ['a=1', '-b=2']", (), "set", ["a=1", "-b=2"]),
        ("quiet = true", (), "quiet", True),
        ("log_file = 'a.log'", (), "log_file", "a.log"),
        ("", (), "output", "out"),
    ],
)
def test_settings_are_flags_and_flags_win(parse, text, flags, name, value):
    assert getattr(parse(f"[transcribe]\n{text}\n[query]\nnone = 1\n", *flags), name) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[transcribe]\njob = 3",
            r"\[transcribe\] job is no flag of transcribe; did you mean jobs",
        ),
        ("[transcribe]\ncolour = 3", "colour is no flag of transcribe; see .* --help"),
        ("[transcribe]\nconfig = 'b'", "config is no flag"),
        ("[transcribe]\nversion = true", "version is no flag"),
        ("[transcrib]\njobs = 3", r"transcrib is no section of a command; did you mean \[transc"),
        ("jobs = 3", "jobs is no setting outside of a section"),
        ("[transcribe]\noverwrite = 1", "overwrite = 1; give true or false"),
        ("[transcribe]\njobs = true", "jobs = True; give a text or a number"),
        ("[transcribe]\njobs = [1, 2]", "give one value"),
        ("[transcribe]\ninput = [true]", "give texts or numbers"),
        ("[transcribe]\ninput = {a = 1}", "give texts or numbers"),
        ("[transcribe", "it is not TOML"),
    ],
)
def test_what_is_no_setting_is_an_error(parse, text, message):
    with pytest.raises(UsageError, match=message):
        parse(text)


def test_a_value_of_another_type_is_an_error_of_the_flag(parse, capsys):
    with pytest.raises(SystemExit):
        parse("[transcribe]\njobs = 'many'")
    assert "argument --jobs: invalid int value: 'many'" in capsys.readouterr().err


@pytest.mark.parametrize("run", [run_verb, run_beam_verb])
def test_a_file_that_is_missing_is_an_error_of_one_line(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run(verb_parser("query", "A test."), pytest.fail, ["--config", "no.toml"])
    assert ended.value.code == 2
    assert "--config no.toml: No such file or directory; give" in capsys.readouterr().err


def test_flags_of_beam_are_settings_of_its_commands(tmp_path, capsys):
    path = tmp_path / "quire.toml"
    path.write_text("[ingest]\ndirect_num_workers = 3\n")

    def run(args, options):
        return options.get_all_options()["direct_num_workers"]

    assert run_beam_verb(verb_parser("ingest", "A test."), run, ["--config", str(path)]) == 3
    with pytest.raises(SystemExit):
        run_verb(verb_parser("ingest", "A test."), pytest.fail, ["--config", str(path)])
    assert "direct_num_workers is no flag of ingest" in capsys.readouterr().err
