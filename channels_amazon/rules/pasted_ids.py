"""What a person pasted as an id of Amazon's: put right, or refused; pure, rules layer.

Ids come out of mails, spreadsheets, chats and addresses, with what these put around and
into them. Only what an id's form cannot hold is taken away or replaced: a seller's own
SKU may have quotes, per cent signs and wide letters, and keeps all of them inside.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

# Quotes by pairs: these stand around a whole text, and nothing else closes them.
_PAIRS = {
    '"': '"',
    "'": "'",
    "`": "`",
    "“": "”",
    "”": "”",
    "„": "“",
    "‘": "’",
    "‚": "‘",
    "«": "»",
    "»": "«",
    "‹": "›",
    "「": "」",
    "『": "』",
    "＂": "＂",
    "＇": "＇",
}
_QUOTES = "".join(_PAIRS) + "".join(_PAIRS.values())
# Hyphens, dashes and minus signs that stand where a plain hyphen was.
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－⁃﹘"), "-")
# What follows an id in a sentence or a row.
_AROUND = ".,;:，。；：、"
# Characters without a form of their own: controls, marks of direction, joiners.
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
# A link may be encoded inside of a link.
_MOST_DECODED = 3


class PastedId(StrEnum):
    """The ids of Amazon's that people paste."""

    ORDER_ID = "order_id"
    SELLER_ID = "seller_id"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a name, not a token
    ASIN = "asin"
    MARKETPLACE_ID = "marketplace_id"
    APP_ID = "app_id"
    CLIENT_ID = "client_id"
    QUEUE_ARN = "queue_arn"
    QUEUE_URL = "queue_url"


@dataclass(frozen=True, slots=True)
class Form:
    """How an id is written, whole, with a made-up one of that form.

    `is_one_word`: two words are no such id, but a name, say. All others are so long or
    so plain of form that a space inside can only have come with the pasting.
    """

    pattern: re.Pattern[str]
    example: str
    is_upper: bool = False
    is_one_word: bool = False


# Amazon's order ids: 3-7-7. The first part has letters where Amazon ships an order of
# another shop (S01-…) and in digital orders, else digits only.
ORDER_ID = re.compile(r"[A-Z0-9]{3}-[0-9]{7}-[0-9]{7}")
# What shops, mails and chats put before the number of an order.
_MARKS = "#＃№"
# One id after the other, as a column of a spreadsheet or a line of a mail has them; a
# field of one line may have swallowed the line breaks between them.
_ONE_OF_SEVERAL = re.compile(rf"[{_MARKS}]?({ORDER_ID.pattern})[\s,;、|/]*")
_AMONG_WORDS = re.compile(rf"(?<![A-Z0-9-]){ORDER_ID.pattern}(?![A-Z0-9-])")
# The digits alone, as people read them out or a spreadsheet splits them.
_BARE_ORDER_ID = re.compile(r"([0-9]{3})([0-9]{7})([0-9]{7})")
# Fewer characters are a part of nearly every id there is.
SHORTEST_PART = 3
_QUEUE = r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?"
# All of them ASCII, and none with a per cent sign or a quote.
FORMS: dict[PastedId, Form] = {
    PastedId.ORDER_ID: Form(ORDER_ID, "902-3159896-1390916", True),
    PastedId.SELLER_ID: Form(
        re.compile(r"[A-Z0-9]{6,20}"), "A3TH9S8BH6GOGM", True, True
    ),
    PastedId.REFRESH_TOKEN: Form(
        re.compile(r"[\x21\x23\x24\x26\x28-\x5f\x61-\x7e]{10,4000}"),
        "Atzr|IwEBIExample",
    ),
    PastedId.ASIN: Form(re.compile(r"[A-Z0-9]{10}"), "B0CHX1W1XY", True, True),
    PastedId.MARKETPLACE_ID: Form(
        re.compile(r"A[A-Z0-9]{9,14}"), "ATVPDKIKX0DER", True, True
    ),
    PastedId.APP_ID: Form(
        re.compile(r"amzn1\.(?:sp\.solution|sellerapps\.app)\.[A-Za-z0-9.-]{8,80}"),
        "amzn1.sp.solution.0a1b2c3d-1234-5678-9abc-0123456789ab",
    ),
    PastedId.CLIENT_ID: Form(
        re.compile(r"amzn1\.application-oa2-client\.[A-Za-z0-9]{8,80}"),
        "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef",
    ),
    PastedId.QUEUE_ARN: Form(
        re.compile(rf"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{{12}}:{_QUEUE}"),
        "arn:aws:sqs:eu-west-1:123456789012:shoplink",
    ),
    PastedId.QUEUE_URL: Form(
        re.compile(rf"https?://[A-Za-z0-9.-]+(?::[0-9]{{1,5}})?/[0-9]{{12}}/{_QUEUE}"),
        "https://sqs.eu-west-1.amazonaws.com/123456789012/shoplink",
    ),
}


class WrongForm(ValueError):
    """The text is no id of that kind; `example` is one that would be."""

    def __init__(self, kind: PastedId) -> None:
        super().__init__(f"This is no {kind.replace('_', ' ')}.")
        self.kind = kind
        self.example = FORMS[kind].example


def tidy(text: str) -> str:
    """Return a text of any form without what pasting put around it.

    That are spaces of every width, unseen characters, and quotes that enclose it all.
    """
    while True:
        text = _without_unseen(text)
        # A spreadsheet writes ="123" for a text that looks like a number.
        inner = text[1:] if text[:1] == "=" and text[1:2] in _PAIRS else text
        if len(inner) < 2 or _PAIRS.get(inner[0]) != inner[-1]:
            return text
        text = inner[1:-1]


def read(kind: PastedId, text: str) -> str:
    """Return the id that the text means; raises WrongForm where it is none."""
    form = FORMS[kind]
    plain = _folded(text)
    if not form.is_one_word:
        plain = "".join(plain.split())
    if form.is_upper:
        plain = plain.upper()
    if not form.pattern.fullmatch(plain):
        # The sentence's own full stop is none of the id.
        plain = plain.strip(_AROUND + _QUOTES)
    if kind is PastedId.ORDER_ID:
        plain = plain.lstrip(_MARKS)
    if kind is PastedId.ORDER_ID and (bare := _BARE_ORDER_ID.fullmatch(plain)):
        plain = "-".join(bare.groups())
    if not form.pattern.fullmatch(plain):
        raise WrongForm(kind)
    return plain


def order_ids(text: str) -> tuple[str, ...]:
    """Return the order ids that the text names, nothing where it names none.

    Several stand apart by spaces, commas or line breaks; other words may stand around.
    """
    plain = _folded(text).upper().strip(_AROUND + _QUOTES + " ")
    found: list[str] = []
    end = 0
    while match := _ONE_OF_SEVERAL.match(plain, end):
        found.append(match[1])
        end = match.end()
    if found and end == len(plain):
        return tuple(dict.fromkeys(found))
    try:
        return (read(PastedId.ORDER_ID, text),)
    except WrongForm:
        return _each_alone(plain)


def _each_alone(plain: str) -> tuple[str, ...]:
    """Return the ids of a text whose words are each one, else those among its words."""
    try:
        words = [
            read(PastedId.ORDER_ID, one) for one in re.split(r"[\s,;、|/]+", plain)
        ]
    except WrongForm:
        words = _AMONG_WORDS.findall(plain)
    return tuple(dict.fromkeys(words))


def search_terms(text: str) -> tuple[str, ...]:
    """Return all that a search may mean: as it stands, tidied, and as Amazon's id.

    A SKU is found as it was typed; an order id however it was pasted, and each where
    there are several.
    """
    tidied = tidy(text)
    found = [text.strip(), tidied, *order_ids(text)]
    for kind in (PastedId.ASIN, PastedId.SELLER_ID):
        try:
            found.append(read(kind, text))
        except WrongForm:
            continue
    found.append(_folded(text))
    return tuple(dict.fromkeys(one for one in found if one))


def search_parts(text: str) -> tuple[str, ...]:
    """Return what a search may mean as a part of an id: as typed, and in plain letters.

    Nothing where that is shorter than SHORTEST_PART.
    """
    found = (tidy(text), _folded(text).strip(_AROUND + _MARKS + "* "))
    return tuple(dict.fromkeys(one for one in found if len(one) >= SHORTEST_PART))


def means_order_id(text: str) -> bool:
    """Tell whether the text is meant as an order id, and is none."""
    plain = re.sub(r"[\s-]+", "-", _folded(text).strip(_AROUND + _MARKS))
    if not re.fullmatch(r"[0-9]{2,4}-[0-9-]{6,24}", plain):
        return False
    try:
        read(PastedId.ORDER_ID, text)
    except WrongForm:
        return True
    return False


def _folded(text: str) -> str:
    """Return the text in ASCII where it can be, with plain spaces and no quotes."""
    plain = text
    for _ in range(_MOST_DECODED):
        plain = unicodedata.normalize("NFKC", plain).translate(_DASHES)
        plain = "".join(map(_seen, plain))
        plain = tidy(plain).strip(_QUOTES)
        decoded = unquote(plain, errors="strict") if _is_encoded(plain) else plain
        if decoded == plain:
            break
        plain = decoded
    return plain


def _is_encoded(text: str) -> bool:
    if not re.search(r"%[0-9A-Fa-f]{2}", text):
        return False
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN


def _seen(sign: str) -> str:
    """Return the sign, a plain space for any white one, nothing for an unseen one."""
    if sign.isspace():
        return " "
    return "" if _is_unseen(sign) else sign


def _without_unseen(text: str) -> str:
    begin, end = 0, len(text)
    while begin < end and _is_unseen(text[begin]):
        begin += 1
    while begin < end and _is_unseen(text[end - 1]):
        end -= 1
    return text[begin:end]
