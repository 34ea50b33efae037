"""Check every source's figure against the others', and pass over what they contradict.

Sources are trusted by rank (`box_office_figures`), but rank alone lets a figure stand that others
prove wrong: a domestic gross as the worldwide one, an amount in thousands or millions.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log

MAX_GROSS_USD = 1e10
"""No movie has a gross or a budget above it; the highest gross known is 2.9 billion."""

TINY_USD, SOLID_USD = 1e3, 1e6
"""A figure below the first is passed over where another source has more than the second."""

UNITS = (1e3, 1e6)
"""Thousands and millions, in which a source may have written an amount by mistake."""

UNIT_TOLERANCE = 0.1
"""Two amounts that differ by a unit within this share are the same amount."""

DOMESTIC_TOLERANCE = 0.05
"""Share by which a worldwide gross may lie below a domestic one: sources round, and differ."""

SAME_SHARE = 0.01
"""Two amounts that differ by at most this share are equal."""

LARGER_FACTOR = 1.1
"""A worldwide gross equal to a domestic one is wrong where another is this much larger."""

OUTLIER_FACTOR = 3.0
"""A figure is an outlier where two others differ from it by more than this, the same way."""

DISPUTED_FACTOR = 1.5
"""Figures that differ by more than this are disputed, also where no rule decides."""


class Rule(StrEnum):
    """Why a figure is passed over; the values are stored."""

    IMPOSSIBLE = "impossible"
    UNIT = "unit"
    TINY = "tiny"
    BELOW_DOMESTIC = "below_domestic"
    IS_DOMESTIC = "is_domestic"
    OUTLIER = "outlier"


@dataclass(frozen=True)
class Claim:
    """One source's figure in US dollars.

    Attributes:
        origin: Where the source has it from: claims of one origin count as one witness.
        kind: Kind of the figure, for people.
    """

    source: str
    amount_usd: float
    origin: str = ""
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.amount_usd:,.0f}".replace("  ", " ")

    def is_independent_of(self, other: "Claim") -> bool:
        """Whether neither source repeats the other."""
        return (self.origin or self.source) != (other.origin or other.source)


@dataclass(frozen=True)
class Decision:
    """A figure that is passed over, the rule, and the figures that speak against it."""

    claim: Claim
    rule: Rule
    against: str

    def __str__(self) -> str:
        return f"{self.claim} ({self.rule}): {self.against}"

    def as_json(self) -> dict[str, object]:
        """Return a row of the table of decisions."""
        return {
            "source": self.claim.source,
            "amount_usd": self.claim.amount_usd,
            "rule": self.rule.value,
            "against": self.against,
        }


@dataclass(frozen=True)
class Reconciled:
    """The claims that stand, in their order, and those that are passed over."""

    accepted: tuple[Claim, ...]
    decisions: tuple[Decision, ...] = ()

    @property
    def is_disputed(self) -> bool:
        """Whether a figure was passed over, or those that stand differ widely."""
        amounts = [claim.amount_usd for claim in self.accepted]
        differs = bool(amounts) and max(amounts) > DISPUTED_FACTOR * min(amounts)
        return bool(self.decisions) or differs


def reconcile(
    claims: Sequence[Claim], *, domestic: Sequence[Claim] = (), scale: Sequence[Claim] = ()
) -> Reconciled:
    """Pass over the claims that others contradict.

    The rules, in order: an impossible amount; thousands or millions written as dollars; next to
    nothing beside millions; a worldwide gross below the domestic one; the domestic gross as the
    worldwide one; an outlier against two others.

    Args:
        claims: One kind of figure, the most trusted source first.
        domestic: Domestic grosses, where `claims` are worldwide ones.
        scale: Figures of another kind, such as budgets: they decide which of two amounts that
            differ by a unit is wrong.

    Example:
        >>> gross = [Claim("tmdb", 12.0), Claim("the-numbers", 12_291_975.0)]
        >>> found = reconcile(gross)
        >>> found.accepted[0].source, found.decisions[0].rule.value
        ('the-numbers', 'unit')
    """
    domestic = _plausible_domestic(domestic, claims)
    witnesses = [claim for claim in (*scale, *domestic) if claim.amount_usd >= TINY_USD]
    standing = tuple(claims)
    decisions: list[Decision] = []
    rules: Sequence[tuple[Rule, Callable[[Claim, Sequence[Claim]], Iterable[Claim]]]] = (
        (Rule.IMPOSSIBLE, lambda one, _: [one] if one.amount_usd > MAX_GROSS_USD else []),
        (Rule.UNIT, lambda one, all_: _same_in_another_unit(one, all_, witnesses)),
        (Rule.TINY, lambda one, all_: _solid(one, (*all_, *domestic))),
        (Rule.BELOW_DOMESTIC, lambda one, _: _domestic_above(one, domestic)),
        (Rule.IS_DOMESTIC, lambda one, all_: _more_than_domestic(one, all_, domestic)),
        (Rule.OUTLIER, _two_others),
    )
    for rule, find_against in rules:
        against = {claim: tuple(find_against(claim, standing)) for claim in standing}
        wrong = [claim for claim in standing if against[claim]]
        decisions += [Decision(one, rule, ", ".join(map(str, against[one]))) for one in wrong]
        standing = tuple(claim for claim in standing if claim not in wrong)
    return Reconciled(standing, tuple(decisions))


def _plausible_domestic(domestic: Sequence[Claim], claims: Sequence[Claim]) -> list[Claim]:
    """Leave out a domestic gross that two independent worldwide ones, or its own, contradict."""
    kept = []
    for one in domestic:
        below = [claim for claim in claims if _is_below(claim, one) and claim.amount_usd > TINY_USD]
        lone = not any(other.is_independent_of(one) and _near(one, other) for other in domestic)
        is_own = any(claim.source == one.source for claim in below)
        if not (lone and (is_own or any(_agree(below)))) and one.amount_usd <= MAX_GROSS_USD:
            kept.append(one)
    return kept


def _agree(claims: Sequence[Claim]) -> Iterable[bool]:
    return (
        one.is_independent_of(other) and _ratio(one, other) <= DISPUTED_FACTOR
        for place, one in enumerate(claims)
        for other in claims[:place]
    )


def _same_in_another_unit(
    one: Claim, others: Sequence[Claim], witnesses: Sequence[Claim]
) -> list[Claim]:
    """Return the claims of the same amount in another unit, where this one is the wrong one."""
    return [
        other
        for other in others
        if any(abs(_ratio(one, other) / unit - 1) <= UNIT_TOLERANCE for unit in UNITS)
        and _is_farther(one, other, witnesses)
    ]


def _is_farther(one: Claim, other: Claim, witnesses: Sequence[Claim]) -> bool:
    """Whether an amount is farther from the movie's other figures; without any, the lower is."""
    if not witnesses:
        return one.amount_usd < other.amount_usd
    scale = witnesses[0].amount_usd
    return abs(log(one.amount_usd / scale)) > abs(log(other.amount_usd / scale))


def _solid(one: Claim, others: Sequence[Claim]) -> list[Claim]:
    if one.amount_usd >= TINY_USD:
        return []
    return [other for other in others if other.amount_usd >= SOLID_USD]


def _domestic_above(one: Claim, domestic: Sequence[Claim]) -> list[Claim]:
    return [other for other in domestic if _is_below(one, other)]


def _more_than_domestic(
    one: Claim, others: Sequence[Claim], domestic: Sequence[Claim]
) -> list[Claim]:
    """Return the larger worldwide grosses, where this one equals a domestic gross."""
    if not any(_near(one, other) for other in domestic):
        return []
    return [
        other
        for other in others
        if other.is_independent_of(one) and other.amount_usd > LARGER_FACTOR * one.amount_usd
    ]


def _two_others(one: Claim, others: Sequence[Claim]) -> list[Claim]:
    """Return two others that differ from this one the same way, and less from each other."""
    for is_above in (True, False):
        far = [
            other
            for other in others
            if _ratio(one, other) > OUTLIER_FACTOR
            and (other.amount_usd > one.amount_usd) is is_above
            and other.is_independent_of(one)
        ]
        for place, first in enumerate(far):
            for second in far[:place]:
                nearest = min(_ratio(one, first), _ratio(one, second))
                if first.is_independent_of(second) and _ratio(first, second) < nearest:
                    return [second, first]
    return []


def _is_below(worldwide: Claim, domestic: Claim) -> bool:
    return worldwide.amount_usd * (1 + DOMESTIC_TOLERANCE) < domestic.amount_usd


def _near(one: Claim, other: Claim) -> bool:
    return _ratio(one, other) <= 1 + SAME_SHARE


def _ratio(one: Claim, other: Claim) -> float:
    low, high = sorted((one.amount_usd, other.amount_usd))
    return high / low
