"""Detect pages that IMDbPro sends instead of the requested one: login, robot check, consent.

Source:
    Amazon's sign-in and robot-check pages, AWS WAF's challenge, and the common consent banners, as
    public readers of those sites describe them; any of them may change without notice.
"""

import re
from typing import NoReturn

from selectolax.lexbor import LexborHTMLParser

from pipeline.core.errors import CredentialError, RecordError, SourceError
from pipeline.core.outcomes import Reason
from pipeline.crawl.imdbpro.page_text import read_node_text

LOGIN = (
    "form[name=signIn], form#login_form, form[action*='/ap/signin'], input#ap_email, "
    "input#ap_password, input[type=password], a[href*='/login/ap']"
)
LOGIN_TITLE = re.compile(r"\b(sign|log)[ -]?in\b", re.IGNORECASE)
LOGIN_ADDRESS = re.compile(r"/(ap/signin|signin|login|registration/signin|ap/cvf)\b")

UPSELL = "form[action*='/signup'], div#signup, a#try_pro"
UPSELL_TITLE = re.compile(r"\b(try|join|get) imdbpro\b|\bfree trial\b", re.IGNORECASE)

BLOCKING = (
    "form[action*=validateCaptcha], div#captcha-container, input#captchacharacters, "
    "div#challenge-container, form#challenge-form, div#px-captcha, div.g-recaptcha, "
    "div.h-captcha, iframe[src*=captcha], script[src*=awswaf], script[src*=captcha-delivery]"
)
BLOCKING_TITLE = re.compile(
    r"robot check|captcha|just a moment|attention required|access denied|are you (a )?human"
    r"|human verification|security check|request blocked",
    re.IGNORECASE,
)

CONSENT = "form[action*=consent], div#consent, div#onetrust-banner-sdk, iframe[src*=consent]"
CONSENT_TITLE = re.compile(
    r"\bconsent\b|before you continue|cookie (choices|notice)", re.IGNORECASE
)

COOKIE_REMEDY = (
    "Log in with a browser and set IMDBPRO_COOKIE to the new cookie, or unset it to do without "
    "IMDbPro."
)
BROWSER_REMEDY = "Open it in the browser that the cookie is from, {do}, and try again later."


def raise_for_wall(page: LexborHTMLParser, expected: str) -> NoReturn:
    """Raise the error that a page stands for which is not the expected one.

    Call it only where the expected content was not found: a page with figures may hold a login
    link.

    Args:
        page: The received page.
        expected: Name of the expected page, for a person.

    Raises:
        CredentialError: It is a login page, or an offer of a membership.
        SourceError: It is a robot check, or a request for consent.
        RecordError: `BOT_CHECK` where it is empty, `MALFORMED` where it is none of these.
    """
    wall = find_wall(page)
    if wall is not None:
        raise wall
    body = page.body
    if body is None or (not body.text().strip() and body.css_first("[id], [class], img") is None):
        raise RecordError(
            Reason.BOT_CHECK, f"expected {expected}, got an empty page, as blocked readers do"
        )
    name = read_node_text(page, "title")
    called = f" (titled {name[:60]!r})" if name else ""
    raise RecordError(
        Reason.MALFORMED,
        f"expected {expected}, got another page{called}: IMDbPro's layout has changed",
    )


def find_wall(page: LexborHTMLParser) -> SourceError | None:
    """Return the error of a login page, robot check or request for consent; None for others."""
    name = read_node_text(page, "title")
    if page.css_first(BLOCKING) is not None or BLOCKING_TITLE.search(name):
        return SourceError(f"IMDbPro shows a robot check. {BROWSER_REMEDY.format(do='answer')}")
    if page.css_first(LOGIN) is not None or LOGIN_TITLE.search(name):
        return logged_out()
    if page.css_first(UPSELL) is not None or UPSELL_TITLE.search(name):
        return CredentialError(
            f"IMDbPro offers a membership: the cookie's account has none. {COOKIE_REMEDY}"
        )
    if page.css_first(CONSENT) is not None or CONSENT_TITLE.search(name):
        do = "choose, copy the new cookie into IMDBPRO_COOKIE"
        return SourceError(
            f"IMDbPro requests consent to its cookies. {BROWSER_REMEDY.format(do=do)}"
        )
    return None


def logged_out() -> CredentialError:
    """Return the error of a session that has ended."""
    return CredentialError(
        f"IMDbPro responds with its login page: the session has ended. {COOKIE_REMEDY}"
    )
