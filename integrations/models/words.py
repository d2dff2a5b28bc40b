"""Finding records by a part of a word, with an index of all that three letters in a row make."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.lookups import DataContains
from django.db.models import F, Func, Q, TextField

LETTERS = 3


class WordParts(Func):
    """All three letters in a row of a record's words, each behind its pairing's id, as the index keeps them."""

    function = "word_parts"

    def __init__(self) -> None:
        super().__init__(F("pairing"), F("words"), output_field=ArrayField(TextField()))


def found_by(pairing_id: int, words: Iterable[str]) -> Q:
    """Records in whose words each of these folded words is somewhere; shorter ones than three letters are read for."""
    found = ~Q(words="")
    for word in words:
        found &= Q(words__contains=word)
        if parts := [f"{pairing_id}:{word[at : at + LETTERS]}" for at in range(len(word) - LETTERS + 1)]:
            found &= Q(DataContains(WordParts(), parts))
    return found
