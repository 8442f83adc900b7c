"""The settings file: what would be typed as flags every night, in sections by command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches

from pipelines.cli.options import CONFIG_FLAG, OneLineParser, UsageError

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

# Not settings: what they do is done before a run, or names the file itself.
_NO_SETTINGS = ("config", "help", "version")


def with_settings(
    parser: OneLineParser,
    sections: tuple[str, ...],
    argv: list[str],
    is_other_flag: Callable[[str], bool],
) -> list[str]:
    """Return the arguments of a command completed by those of its settings file.

    Args:
        parser: Its parser; its section has the name of the command.
        sections: All sections that a file may have.
        argv: The arguments; nothing is added where none of them is `--config`.
        is_other_flag: Whether a flag that the parser does not know is one all the same.

    Raises:
        UsageError: If the file cannot be read, or something in it is no setting.
    """
    path, section = value_of(CONFIG_FLAG, argv), parser.verb
    if not path:
        return argv
    values = _read(path, section, sections)
    actions = {
        option.removeprefix("--"): action
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and option.removeprefix("--") not in _NO_SETTINGS
    }
    given = {argument.partition("=")[0] for argument in argv}
    added: list[str] = []
    for name, value in values.items():
        where = f"{path}: [{section}] {name}"
        if name not in actions and not is_other_flag(f"--{name}"):
            near = get_close_matches(name.replace("-", "_"), actions, n=1)
            cure = f"did you mean {near[0]}?" if near else f"see {parser.prog} --help"
            raise UsageError(f"{where} is no flag of {section}; {cure}")
        action = actions.get(name)
        off = f"--no_{name}"
        if _is_switch(action) and off in given:
            argv = [argument for argument in argv if argument != off]
        elif f"--{name}" not in given:
            added += _as_arguments(f"--{name}", value, action, where)
    return [*added, *argv]


def value_of(flag: str, arguments: Sequence[str]) -> str:
    """Return the last value of a flag among arguments; empty if it is not given.

    Example:
        >>> value_of("--runner", ["--runner=A", "--runner", "B"]), value_of("--runner", [])
        ('B', '')
    """
    value = ""
    for argument, following in zip(arguments, [*arguments[1:], ""]):
        if argument == flag:
            value = following
        elif argument.startswith(f"{flag}="):
            value = argument.partition("=")[2]
    return value


def _read(path: str, section: str, sections: tuple[str, ...]) -> dict[str, object]:
    try:
        with open(path, "rb") as file:
            settings = tomllib.load(file)
    except OSError as error:
        raise UsageError(f"{CONFIG_FLAG} {path}: {error.strerror}; give a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{CONFIG_FLAG} {path}: {error}; it is not TOML") from None
    for name, values in settings.items():
        if name not in sections or not isinstance(values, dict):
            near = get_close_matches(name, sections, n=1)
            cure = f"did you mean [{near[0]}]?" if near else f"write it below [{section}]"
            kind = "section" if isinstance(values, dict) else "setting outside of a section"
            raise UsageError(f"{path}: {name} is no {kind} of a command; {cure}")
    return settings.get(section, {})


def _is_switch(action: argparse.Action | None) -> bool:
    return action is not None and action.nargs == 0


def _as_arguments(
    flag: str, value: object, action: argparse.Action | None, where: str
) -> Iterator[str]:
    """Yield a setting as it would be typed."""
    if isinstance(value, bool) or _is_switch(action):
        if not isinstance(value, bool) or not (action is None or _is_switch(action)):
            kind = "true or false" if _is_switch(action) else "a text or a number"
            raise UsageError(f"{where} = {value!r}; give {kind}")
        if value:
            yield flag
        return
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, (str, int, float)) and one is not True for one in values):
        raise UsageError(f"{where} = {value!r}; give texts or numbers")
    takes_several = action is not None and action.nargs in ("+", "*")
    repeats = isinstance(action, argparse._AppendAction)
    if len(values) != 1 and not (takes_several or repeats):
        raise UsageError(f"{where} = {value!r}; give one value")
    if takes_several:
        yield flag
        yield from map(str, values)
        return
    for one in values:
        # In one piece, so that a value may begin with '-'.
        yield f"{flag}={one}"
