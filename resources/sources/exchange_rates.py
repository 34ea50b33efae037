"""The user's file of exchange rates."""

from pathlib import Path

from pipeline.core.errors import ConfigurationError
from pipeline.core.versions import hash_bytes
from pipeline.crawl.currency_conversion import ExchangeRates, parse_rates


def read_exchange_rates(path: str) -> ExchangeRates:
    """Read the file that MARQUEE_EXCHANGE_RATES names; no rates where it names none.

    Raises:
        ConfigurationError: There is no such file, or a line of it is wrong; the message names it.
    """
    if not path:
        return ExchangeRates()
    try:
        text = _read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"MARQUEE_EXCHANGE_RATES: {path} is not UTF-8 at byte {error.start}."
        ) from None
    return parse_rates(text, path)


def version_of_rates(path: str) -> str:
    """Return the version of the file: figures depend on it. Empty where none is configured.

    Raises:
        ConfigurationError: There is no such file.
    """
    return hash_bytes(_read(path)) if path else ""


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"MARQUEE_EXCHANGE_RATES names {path}, which cannot be read "
            f"({error.strerror or type(error).__name__}). Name a CSV file with the columns "
            "year,currency,usd_per_unit, or unset it."
        ) from None
