"""Characters of different scripts that look the same.

A transcriber who picks a Canadian syllabic for a Latin capital, or whose editor slips a
Cyrillic letter in, teaches the recogniser two labels for one shape. The table is for hands
and common text fonts, so it is wider than what two letters of one font would share.
"""

from __future__ import annotations

import unicodedata

# Each word is one shape, drawn alike in several scripts.
_TABLE = """
    AΑАᎪᗅᗩꓮ BΒВᏴᗷꓐⲂᛒ CϹСᏟᑕꓚⲤ DᎠᗞᗪꓓ EΕЕᎬᗴꓰⴹ FϜᖴꓝ GԌᏀᏳᏻꓖᘜ HΗНᎻᕼꓧⲎ IΙІӀᏆꓲⲒⵏᛁ JͿЈᎫᒍꓙ
    KΚКᏦᏥꓗⲔᛕ LᏞᒪꓡⳐ MΜМᎷᗰꓟϺᛖ NΝᑎꓠⲚ OΟОՕᎾꓳⲞⵔᗝ PΡРᏢᑭꓑⲢᖘ QԚⵕ RᎡᏒᖇꓣᚱ SЅՏᏕᏚᔕꓢ
    TΤТᎢꓔⲦ UՍᑌꓴ VѴᏙᐯꓦⴸ WԜᎳᗯꓪ XΧХꓫⲬⵝᚷ᙭ YΥҮУᎩꓬⲨ ZΖᏃꓜᙆ
    aаα bЬᏏᑲᖯ cсϲⲥᒼ dԁᏧᑯ eеҽ fք gցɡ hһհᏂᑋ iіιᎥ jјϳ kкκ lӏᑊ nոηпᐢ oοоօσⲟჿסᐤ pрρⲣ
    qԛᑫզ rгⲅᣴ sѕᔆᣵ uυսᐡ vνѵᘁ wωԝшա xхχⲭᕁᕽ yуγүყ
    ßβᏰ æӕ ÆӔ əә ƏӘ ɅΛꓥᐱ ƆϽꓛᑐ ƎꓱЭ ɛεᕮ ɣɤγ þϸ ÞϷ
    ΓГᎱⲄ ΠПⲠ ΦФⲪ ΔᐃⲆ ΘѲⲐ ΨѰⲮ φфⲫ πпⲡ
    2ᒿ 3ЗӠⳌ 4ᏎЧ 6бᏮⳒ 8Ց 9ԳⳊ
    :։׃ꓽ '׳ "״ -־᐀ᐨ —一ー ·ᐧ /ノ |丨 +ᐩ .᙮
"""
_SHAPES = _TABLE.split()
_LOOKS_LIKE = {c: "".join(shape for shape in _SHAPES if c in shape) for c in "".join(_SHAPES)}
_COMMON = ""
_EAST_ASIAN = "Han or Kana"
_RENAMED = {
    "Canadian": "Canadian syllabics",
    "Cjk": _EAST_ASIAN,
    "Hiragana": _EAST_ASIAN,
    "Katakana": _EAST_ASIAN,
    "Katakana-hiragana": _EAST_ASIAN,
}
# Compatibility characters that look like what they stand for. A long s or a ligature is
# drawn otherwise, and a superscript is meant.
_LOOK_ALIKE_TAGS = ("<font>", "<wide>", "<narrow>")
_ROMAN_NUMERALS = ("ROMAN NUMERAL", "SMALL ROMAN NUMERAL")


def script_of(character: str) -> str:
    """Name the script of a character, as far as its Unicode name tells.

    Args:
        character: One character.

    Returns:
        'Latin', 'Greek', 'Canadian syllabics' ...; empty for what all scripts share:
        digits, spaces, most punctuation, combining marks.

    Example:
        >>> script_of("é"), script_of("ᐯ"), script_of("𝐀"), script_of("7")
        ('Latin', 'Canadian syllabics', 'Latin', '')
    """
    plain = unicodedata.normalize("NFKC", character)[0]
    name = unicodedata.name(plain, "")
    first = name.split(" ")[0].capitalize()
    is_letter = unicodedata.category(plain).startswith("L")
    if first == "Modifier" or not (is_letter or first in _SCRIPTS_OF_SHAPES):
        return _COMMON
    return _RENAMED.get(first, first)


def look_alike(character: str, script: str) -> str:
    """Find what a character from elsewhere looks like in a script.

    Args:
        character: One character.
        script: Name of a script, from `script_of`.

    Returns:
        Characters of the script, or such as all scripts share; for a styled, wide or narrow
        form with none of these, its plain form. Empty where the character belongs to the
        script or to all, or looks like none that is known.

    Example:
        >>> look_alike("ᐯ", "Latin"), look_alike("A", "Cyrillic"), look_alike("Ⅻ", "Latin")
        ('V', 'А', 'XII')
        >>> look_alike("é", "Latin")
        ''
    """
    if _is_drawn_like_what_it_stands_for(character):
        plain = unicodedata.normalize("NFKC", character)
        return "".join(_twin(c, script) or c for c in plain)
    return _twin(character, script)


def _twin(character: str, script: str) -> str:
    """Find the character of a script with the shape of another; accents are kept."""
    if script_of(character) in (script, _COMMON):
        return ""
    base, *marks = unicodedata.normalize("NFD", character)
    for twin in _LOOKS_LIKE.get(base, ""):
        if script_of(twin) in (script, _COMMON):
            return unicodedata.normalize("NFC", twin + "".join(marks))
    return ""


def _is_drawn_like_what_it_stands_for(character: str) -> bool:
    decomposition = unicodedata.decomposition(character)
    is_numeral = unicodedata.name(character, "").startswith(_ROMAN_NUMERALS)
    return decomposition.startswith(_LOOK_ALIKE_TAGS) or (is_numeral and decomposition != "")


# Punctuation of a script is told by its name too, but 'COMMA' is no script.
_SCRIPTS_OF_SHAPES = frozenset(
    unicodedata.name(c).split(" ")[0].capitalize()
    for c in _LOOKS_LIKE
    if unicodedata.category(c).startswith("L")
)
