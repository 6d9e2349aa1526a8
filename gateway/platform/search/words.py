"""One spelling for what people write in several ways: names, numbers, addresses.

Names fall into words. Chinese, Japanese and Korean are written without spaces: each run of their
characters is a word, and asked for by parts of it.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

TELLING_DIGITS = 8
"""The end of a phone number that tells it from others, whatever stands before it."""
LONGEST_WORD = 32
LONGEST_RUN = 12
"""Characters of one name in a script without spaces; what follows tells no more apart."""

_WORD = re.compile(r"[^\W_]+")
_RUN = re.compile(
    r"[\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+"
)
_ACCENTS = re.compile(r"[\u0300-\u036f]")
"""Of Latin, Greek and Cyrillic only: in other scripts such marks tell letters apart."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
"""Letters that have no accent to be taken off and are typed without it all the same."""
_NO_DIGIT = re.compile(r"[^0-9]")
_LIKE_A_PHONE = re.compile(r"[+0-9\s()./-]+")


def folded(text: str) -> str:
    """Width, case and accents away: `Ｅｌｏïse ÅNGSTRÖM` is `eloise angstrom`."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", plain)).translate(_LETTERS)


def words(text: str) -> list[str]:
    """The words of a name or a question, each once, in their order.

    Single letters, such as initials, are left out where there is anything else: whoever asks
    leaves them out or makes them up.
    """
    found = list(dict.fromkeys(_pieces(text)))
    telling = [word for word in found if len(word) > 1 or unspaced(word)]
    return telling or found


def _pieces(text: str) -> list[str]:
    found: list[str] = []
    for word in _WORD.findall(folded(text)):
        at = 0
        for run in _RUN.finditer(word):
            found += [word[at : run.start()][:LONGEST_WORD], run.group()[:LONGEST_RUN]]
            at = run.end()
        found.append(word[at:][:LONGEST_WORD])
    return [word for word in found if word]


def unspaced(word: str) -> bool:
    """Whether the word is of a script that is written without spaces."""
    return _RUN.match(word) is not None


def bare(number: str) -> str:
    """A member number as people read it out: in one case, without what stands between."""
    return "".join(_WORD.findall(folded(number)))


def address(mail: str) -> str:
    return folded(mail).strip()


def like_a_phone(text: str) -> bool:
    return _LIKE_A_PHONE.fullmatch(unicodedata.normalize("NFKC", text)) is not None


def phone(number: str, region: str | None = None) -> tuple[str, str]:
    """(all digits with the country's, digits within the country); equal where it is not told.

    `region` is where a number without a country's code belongs.
    """
    text = unicodedata.normalize("NFKC", number).strip()
    plain = _NO_DIGIT.sub("", text)
    if len(plain) < TELLING_DIGITS and not text.startswith("+"):
        return plain, plain  # the end of a number: its zeros are its own
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return (plain.lstrip("0"),) * 2
    national = phonenumbers.national_significant_number(parsed)
    return f"{parsed.country_code}{national}", national


def region_of(locale: str | None) -> str | None:
    """`CN` of `zh-CN` and `zh-Hans-CN`."""
    parts = [part for part in (locale or "").split("-")[1:] if len(part) == 2 and part.isalpha()]
    return parts[0].upper() if parts else None
