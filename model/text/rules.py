r"""Normalisation of transcriptions: replacement rules, Unicode normal form, white space.

A rules file has one rule per line:

    # the editors' mark for a word crossed out
    "#" ->
    ⋎ -> ^
    /\[(\w+)\]/ -> \1
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from model.text.bidi import WITHOUT_INK

FORMS = ("NFC", "NFD", "NFKC", "NFKD")

_RULE = re.compile(
    r"""\s*(?: "(?P<quoted>[^"]*)" | /(?P<regex>(?:[^/\\]|\\.)+)/ | (?P<plain>["/] | [^"/\s].*?) )
    \s*->\s*
    (?: "(?P<quoted_to>[^"]*)" | (?P<plain_to>.*?) )\s*""",
    re.VERBOSE,
)
_QUANTIFIER = re.compile(r"[*+]|\{(?:\d+(?:,\d*)?|,\d*)\}")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Rule:
    r"""A replacement rule.

    Attributes:
        pattern: The text to replace, or a regular expression of Python's `re`.
        replacement: The new text; for a regular expression, `\1` is its first group.
        is_regex: Whether the pattern is a regular expression.
    """

    pattern: str
    replacement: str
    is_regex: bool = False

    def apply(self, text: str) -> str:
        """Return a text with every occurrence replaced, from left to right."""
        if self.is_regex:
            return re.sub(self.pattern, self.replacement, text)
        return text.replace(self.pattern, self.replacement)


@dataclass(frozen=True)
class TextRules:
    """How transcriptions are normalised for training and comparison.

    Attributes:
        form: Unicode normal form, one of `FORMS`. NFKC and NFKD lose distinctions that
            matter in diplomatic transcriptions: a long s becomes s, ½ becomes 1⁄2.
        replacements: Rules, in the order in which they are applied.
    """

    form: str = "NFC"
    replacements: tuple[Rule, ...] = ()

    def __post_init__(self):
        if self.form not in FORMS:
            raise ValueError(f"normal form {self.form!r} is unknown; give one of {FORMS}")


def apply_rules(text: str, rules: TextRules) -> str:
    r"""Return a transcription with the rules applied, in the normal form.

    The rules are applied one after the other to the text in NFC, whatever its form in the
    file; the normal form and the white space come last. Without rules and with NFC this
    equals `model.text.charset.normalise_text`.

    Args:
        text: A transcription.
        rules: The rules and the normal form.

    Returns:
        The text in the normal form, stripped, each run of white space replaced by one space.

    Raises:
        ValueError: If a lone surrogate remains, which UTF-8 cannot encode.

    Example:
        >>> rules = TextRules(replacements=load_rules("⋎ ->\n" r"/(\d) (\d)/ -> \1\2"))
        >>> apply_rules(" le ⋎ 1 2  mai ", rules)
        'le 12 mai'
    """
    text = unicodedata.normalize("NFC", text)
    for rule in rules.replacements:
        text = rule.apply(text)
    lone = _SURROGATE.search(text)
    if lone:
        raise ValueError(
            f"text has the lone surrogate U+{ord(lone[0]):04X} at character {lone.start() + 1}, "
            "which UTF-8 cannot encode; correct the transcription, or remove it with a rule"
        )
    return " ".join(unicodedata.normalize(rules.form, text).split())


# Leaves out direction marks and spaces of no width, which no ink shows; ingest and evaluate add it
# to the rules of the user.
LEAVE_OUT_WITHOUT_INK = Rule(WITHOUT_INK.pattern, "", is_regex=True)


def load_rules(text: str) -> tuple[Rule, ...]:
    r"""Read a rules file.

    One rule per line, `pattern -> replacement`. The pattern is taken literally; between
    slashes it is a regular expression of Python's `re`, with `\/` for a slash and `\uE123`
    for a character that is hard to type. White space around either side is ignored; quotes
    preserve it, and allow a pattern to start with '#' or to contain '->'. Blank lines and
    lines that start with '#' are skipped; a '#' later in a line is part of the rule.

    A repeated group that contains a repetition, an option or an alternative, as in `(a+)*`,
    is rejected: it can take time exponential in the length of the line. Other patterns take
    polynomial time, of a degree at most one more than their number of repetitions.

    Args:
        text: The contents of the file.

    Returns:
        The rules in the order of the file, literal patterns in NFC.

    Raises:
        ValueError: If a line is not a valid rule; the message gives its number.

    Example:
        >>> [rule.pattern for rule in load_rules("# marks\nſ -> s\n/[<>]/ -> ")]
        ['ſ', '[<>]']
    """
    rules = []
    for number, line in enumerate(re.split("\r\n|\r|\n", text.removeprefix("\ufeff")), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                rules.append(_read_rule(line))
            except ValueError as error:
                raise ValueError(f"rules line {number}: {error}") from None
    return tuple(rules)


def _read_rule(line: str) -> Rule:
    found = _RULE.fullmatch(line)
    if not found:
        raise ValueError(
            f"{line.strip()!r} is not a rule; write 'pattern -> replacement', quoted if it starts "
            "with a quote or a slash, and \\/ for a slash in a regular expression"
        )
    replacement = found["quoted_to"] if found["quoted_to"] is not None else found["plain_to"]
    if found["regex"] is not None:
        _check_regex(found["regex"], replacement)
        return Rule(found["regex"], replacement, is_regex=True)
    literal = found["quoted"] if found["quoted"] is not None else found["plain"]
    if not literal:
        raise ValueError("the pattern is empty; give the text to replace")
    return Rule(unicodedata.normalize("NFC", literal), replacement)


def _check_regex(pattern: str, replacement: str) -> None:
    try:
        compiled = re.compile(pattern)
        matches_empty = compiled.search("") is not None
        compiled.sub(replacement, "")
    except (re.error, IndexError, OverflowError) as error:
        raise ValueError(f"/{pattern}/ -> {replacement!r}: {error}; see Python's re") from None
    if matches_empty:
        raise ValueError(f"/{pattern}/ matches empty text; make a part of it mandatory")
    if _has_nested_repetition(pattern):
        raise ValueError(
            f"/{pattern}/ repeats a group that contains a repetition, an option or an "
            "alternative, which may take exponential time; use a character class, or several rules"
        )


def _has_nested_repetition(pattern: str) -> bool:
    """Return whether a repeated group contains a repetition, an option or an alternative."""
    plain = _without_classes(pattern)
    # For each open group, outermost first: whether it contains one so far.
    risky = [False]
    for i, character in enumerate(plain):
        if character == "(":
            risky.append(False)
        elif character == ")" and len(risky) > 1:
            closed, repeated = risky.pop(), _repeats(plain, i + 1)
            if closed and repeated:
                return True
            risky[-1] |= closed or repeated
        elif character in "|?" or _repeats(plain, i):
            risky[-1] = True
    return False


def _without_classes(pattern: str) -> str:
    """Replace each escape and character class by one letter, and group prefixes by none."""
    plain = re.sub(r"\\.", "x", pattern, flags=re.DOTALL)
    plain = re.sub(r"\[\^?\]?[^\]]*\]", "x", plain)
    return re.sub(r"\(\?(?:[a-zA-Z-]*:|[=!>]|<[=!]|P<\w+>)", "(", plain)


def _repeats(plain: str, start: int) -> bool:
    """Return whether a quantifier that allows more than one repetition starts here."""
    return _QUANTIFIER.match(plain, start) is not None
