"""Text that both systems accept: control characters out, lengths kept, no grapheme cut in two."""

import re
import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINER = "\u200d"
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʻ`´′"))
_NON_JOINER = "\u200c"
# Letters that Unicode does not take apart; people type and look for them without the stroke.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """One line of NFC text without control, bidirectional-override, lone surrogate or non-characters."""
    kept = (" " if char.isspace() else char for char in text if char.isspace() or not _forbidden(char))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", "".join(kept))).strip()


def clean_lines(text: str) -> str:
    """Like ``clean`` for text that may have several lines."""
    return "\n".join(line for line in (clean(part) for part in text.splitlines()) if line)


def clean_name(text: str) -> str:
    """A name as QuickBooks takes it: ``clean`` and no colon, which separates a customer from its sub-customer."""
    return clean(text.replace(":", " - ")) if ":" in text else clean(text)


def clip(text: str, limit: int) -> str:
    """At most ``limit`` code points of ``text``, never ending inside a grapheme."""
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and _continues(text, end):
        end -= 1
    return text[:end].rstrip()


def fold(text: str) -> str:
    """What two names are compared by: no case, accents, apostrophes, punctuation or spacing."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).casefold())
    kept = (char if char.isalnum() else " " for char in decomposed if not unicodedata.combining(char))
    return _SPACES.sub(" ", "".join(kept)).strip()


def search_key(text: str) -> str:
    """What lists are sorted by and searched in: ``fold``, and strokes off letters, so that Łódź is found as lodz."""
    return fold(text).translate(_STROKES)


def _forbidden(char: str) -> bool:
    return char in _BIDI or unicodedata.category(char) in ("Cc", "Cs") or _is_no_character(ord(char))


def _is_no_character(code: int) -> bool:
    """Code points that Unicode never assigns and XML does not allow."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _continues(text: str, index: int) -> bool:
    """Whether the character at ``index`` belongs to the grapheme before it."""
    char, before = text[index], text[index - 1]
    if before == _JOINER or char in (_JOINER, _NON_JOINER) or unicodedata.category(char) in ("Mn", "Me", "Mc"):
        return True
    if 0x1F3FB <= ord(char) <= 0x1F3FF or 0xE0020 <= ord(char) <= 0xE007F:  # skin tones; tags of regional flags
        return True
    return _flag(char) and _flag(before) and _flags_before(text, index) % 2 == 1


def _flag(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _flags_before(text: str, index: int) -> int:
    count = 0
    while index - 1 - count >= 0 and _flag(text[index - 1 - count]):
        count += 1
    return count
