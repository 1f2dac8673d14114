"""Names that came from somewhere else: shown to people, never used as paths."""

import re
from collections.abc import Mapping

LONGEST_NAME = 200


def shown_name(name: str) -> str:
    r"""A file's name as text on one line that leads nowhere.

    >>> shown_name("scan\n7.png"), shown_name("../../etc/passwd"), shown_name("..")
    ('scan 7.png', '.. .. etc passwd', 'image')
    """
    text = "".join(c if c.isprintable() and c not in "/\\" else " " for c in name)
    text = " ".join(text.split())[:LONGEST_NAME].strip()
    return text if text.strip(".") else "image"


def in_their_words(sentence: str, shown: Mapping[str, str]) -> str:
    """A sentence with the names by which people know the files.

    >>> in_their_words("00007.dcm is empty.", {"00007.dcm": "IM7"})
    'IM7 is empty.'
    """
    return re.sub(r"\b\d{5}\.dcm\b", lambda found: shown.get(found[0], found[0]), sentence)
