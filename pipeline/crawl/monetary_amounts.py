"""Parse and format amounts with their currency, as box-office pages write them."""

import re
from dataclasses import dataclass

from pipeline.core.errors import RecordError
from pipeline.core.outcomes import Reason

USD = "USD"

SIGNS = {
    "$": "USD", "£": "GBP", "€": "EUR", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB",
    "₺": "TRY", "₪": "ILS", "฿": "THB", "₱": "PHP", "₫": "VND", "₴": "UAH", "₦": "NGN",
}  # fmt: skip
"""ISO 4217 code of each sign. Signs with a country before them (`CA$`) are read by `PREFIXES`."""

PREFIXES = {
    "US$": "USD", "CA$": "CAD", "C$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD",
    "HK$": "HKD", "NT$": "TWD", "MX$": "MXN", "R$": "BRL", "S$": "SGD", "SG$": "SGD",
    "CN¥": "CNY", "JP¥": "JPY",
}  # fmt: skip

SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9}

MAX_AMOUNT = 1e15
"""Upper limit of an amount in any currency; a larger number is no amount."""

_AMOUNT = re.compile(
    r"(?P<prefix>[A-Z]{0,3})\s?(?P<sign>[$£€¥₹₩₽₺₪฿₱₫₴₦]?)\s?"
    r"(?P<amount>([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?)"
    r"\s?(?P<scale>[kmb]|million|billion)?"
    r"(?P<suffix>\s[A-Z]{3})?(\s?\(estimated\))?",
    re.IGNORECASE,
)
_CODE = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class MonetaryAmount:
    """An amount, in units of a currency by its ISO 4217 code."""

    amount: float
    currency: str


def parse_amount(text: str) -> MonetaryAmount | None:
    """Parse an amount with its currency; None where it is zero, which means unknown.

    Raises:
        RecordError: It is no amount of a known format; nothing is guessed.

    Example:
        >>> parse_amount("¥800,000,000"), parse_amount("CA$1,000").currency, parse_amount("$0")
        (MonetaryAmount(amount=800000000.0, currency='JPY'), 'CAD', None)
        >>> parse_amount("$1.2M").amount, parse_amount("INR1,000").currency
        (1200000.0, 'INR')
        >>> parse_amount("1,234 USD")
        MonetaryAmount(amount=1234.0, currency='USD')
    """
    text = " ".join(text.split())
    found = _AMOUNT.fullmatch(text)
    currency = found and _read_currency(found["prefix"], found["sign"], found["suffix"] or "")
    amount = _read_amount(found["amount"], found["scale"]) if found else 0.0
    if not currency or amount > MAX_AMOUNT:
        raise RecordError(Reason.MALFORMED, f"expected an amount such as $9,693, got {text[:40]!r}")
    return MonetaryAmount(amount, currency) if amount > 0 else None


def _read_amount(digits: str, scale: str | None) -> float:
    return round(float(digits.replace(",", "")) * SCALES[(scale or "").lower()], 2)


def _read_currency(prefix: str, sign: str, suffix: str) -> str | None:
    """Return the currency's code; None where it is missing, or given twice and different."""
    before = _read_mark(prefix, sign) if prefix or sign else None
    after = suffix.strip()
    if before is None and (prefix or sign):
        return None
    if before and after:
        return before if before == after else None
    return before or (after if _CODE.fullmatch(after) else None)


def _read_mark(prefix: str, sign: str) -> str | None:
    if prefix and sign:
        return PREFIXES.get(prefix + sign)
    return SIGNS.get(sign) if sign else (prefix if _CODE.fullmatch(prefix) else None)


def format_amount(amount: MonetaryAmount | None) -> str:
    """Format an amount as the pages do; "" where it is unknown.

    Example:
        >>> [format_amount(MonetaryAmount(*of)) for of in ((430000.0, "GBP"), (5.5, "DEM"))]
        ['£430,000', 'DEM 5.50']
    """
    if amount is None:
        return ""
    marks = {code: mark for mark, code in {**PREFIXES, **SIGNS}.items()}
    mark = marks.get(amount.currency, f"{amount.currency} ")
    return f"{mark}{amount.amount:,.{0 if amount.amount.is_integer() else 2}f}"
