"""Puts the studio's words together: titles, overviews, taglines, names."""

import random
from collections.abc import Sequence

from resources.studio.catalogue import words
from resources.studio.catalogue.traits import PLOT_SLOTS


def person_name(number: int) -> str:
    """Return the name of a person; the first 1,600 numbers have different names.

    Example:
        >>> person_name(1) == person_name(1), person_name(1) == person_name(2)
        (True, False)
    """
    firsts, lasts = words.FIRST_NAMES, words.LAST_NAMES
    turn = number // len(firsts)
    return f"{firsts[number % len(firsts)]} {lasts[(number * 7 + turn) % len(lasts)]}"


def company_name(number: int) -> str:
    """Return the name of a production company; the first 100 numbers have different names."""
    stems, kinds = words.COMPANY_STEMS, words.COMPANY_KINDS
    return f"{stems[number % len(stems)]} {kinds[number // len(stems) % len(kinds)]}"


def write_title(rng: random.Random) -> str:
    """Make up a title."""
    noun, other_noun = rng.sample(words.NOUNS, 2)
    return rng.choice(words.TITLE_PATTERNS).format(
        adjective=rng.choice(words.ADJECTIVES), noun=noun, noun2=other_noun,
        first=rng.choice(words.FIRST_NAMES), place=rng.choice(words.PLACES),
    )  # fmt: skip


def write_part_title(franchise_title: str, part: int, rng: random.Random) -> str:
    """Title one part of a franchise: the first bears its name, later ones add to it.

    Example:
        >>> write_part_title("The Glass Tide", 1, random.Random(0))
        'The Glass Tide'
    """
    if part == 1:
        return franchise_title
    noun = rng.choice(words.NOUNS)
    return rng.choice((f"{franchise_title} {part}", f"{franchise_title}: The {noun}"))


def write_overview(high_concepts: int, rng: random.Random) -> str:
    """Write three or four sentences with so many high concepts, 0 … `PLOT_SLOTS`, and quiet ones.

    Example:
        >>> text = write_overview(2, random.Random(1))
        >>> sum(concept in text for concept in words.HIGH_CONCEPTS)
        2
    """
    slots = rng.sample(words.HIGH_CONCEPTS, high_concepts)
    slots += rng.sample(words.QUIET_CONCEPTS, PLOT_SLOTS - high_concepts)
    rng.shuffle(slots)
    who, other = rng.sample(words.FIRST_NAMES, 2)
    sentences = [
        rng.choice(pattern).format(
            who=who, other=other, a=slots[2 * number], b=slots[2 * number + 1],
            job=rng.choice(words.JOBS), place=rng.choice(words.PLACES),
        )
        for number, pattern in enumerate((words.OPENINGS, words.MIDDLES, words.ENDINGS))
    ]  # fmt: skip
    if rng.random() < 0.4:
        sentences.append(rng.choice(words.CLOSINGS))
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)


def write_genre_lines(genre_ids: Sequence[int], rng: random.Random) -> str:
    """Write about each genre in a sentence of its own.

    Example:
        >>> write_genre_lines((14,), random.Random(0)) in words.GENRE_LINES[14]
        True
    """
    return " ".join(rng.choice(words.GENRE_LINES[genre_id]) for genre_id in genre_ids)
