"""Names of Trailers12k's files, its genres and splits, and how it spells an IMDb id.

What belongs here: names. What does not: reading or writing any file.

Source: seed 002; Montalvo-Lezama et al. 2023, doi 10.1016/j.ipm.2023.103343.
"""

import re

METADATA = "metadata.json"
METADATA_KEY = "trailers12k"
MTGC = "mtgc.csv"
MTGC_NAMES = (MTGC, "trailers12k_mtgc.csv")
"""The table of genres and splits; the authors' own loader knows it by the second name."""

GENRES = (
    "action", "adventure", "comedy", "crime", "drama", "fantasy", "horror", "romance", "sci-fi",
    "thriller",
)  # fmt: skip
SPLITS = ("split0", "split1", "split2")
MTGC_COLUMNS = ("mid", *GENRES, *SPLITS)
PARTS = ("train", "val", "test")
"""What 0, 1 and 2 stand for in a split."""

GROUP_ENDING = ".zarr"
WIDTH_ATTRIBUTE = "num_features"

PAPER_NAMES = {"shufflenet": "shufflenet", "resnet50": "resnet", "swin_t": "swin"}
"""The paper's names of the image backbones, by ours."""

FIELD = "marquee_trailers12k"
"""Key of a record under which stands what TMDB has no field for."""

IMDB_ID = re.compile(r"tt[0-9]{7,10}")
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def frames_group(backbone: str) -> str | None:
    """Name the group of a backbone's frame features; None where the paper has no such backbone.

    Example:
        >>> frames_group("swin_t"), frames_group("resnet18")
        ('trailers_i_swin_fpc24', None)
    """
    name = PAPER_NAMES.get(backbone)
    return f"trailers_i_{name}_fpc24" if name else None


def posters_group(backbone: str) -> str | None:
    """Name the group of a backbone's poster features; None where the paper has no such backbone."""
    name = PAPER_NAMES.get(backbone)
    return f"posters_i_{name}" if name else None


def is_group_name(name: str) -> bool:
    """Whether this may name a group, and so a folder of the store.

    Example:
        >>> is_group_name("trailers_i_swin_fpc24"), is_group_name("../x"), is_group_name("{x}")
        (True, False, False)
    """
    return bool(_GROUP.fullmatch(name)) and ".." not in name


def read_imdb_id(value: object) -> str | None:
    """Read an IMDb id, written with or without `tt`, as text or as a number.

    Example:
        >>> read_imdb_id("0347149"), read_imdb_id(347149), read_imdb_id("tt0347149")
        ('tt0347149', 'tt0347149', 'tt0347149')
        >>> read_imdb_id(True), read_imdb_id("0"), read_imdb_id("tt12345678901")
        (None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = value if isinstance(value, str) else str(value) if 0 < value < 10**10 else ""
    digits = text.strip().removeprefix("tt")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits)):
        return None
    return f"tt{int(digits):07d}" if len(digits) < 7 else f"tt{digits}"
