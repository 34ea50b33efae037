"""Names of Trailers12k's files, genres, splits and groups, and its spelling of IMDb ids.

Source: reference implementation 002; Montalvo-Lezama et al. 2023, doi 10.1016/j.ipm.2023.103343.
"""

import re

from pipeline.core.movie_ids import format_imdb_id

METADATA = "metadata.json"
METADATA_KEY = "trailers12k"
MTGC = "mtgc.csv"
MTGC_NAMES = (MTGC, "trailers12k_mtgc.csv")
"""The table of genres and splits; the authors' own loader uses the second name."""

GENRES = (
    "action", "adventure", "comedy", "crime", "drama", "fantasy", "horror", "romance", "sci-fi",
    "thriller",
)  # fmt: skip
SPLITS = ("split0", "split1", "split2")
MTGC_COLUMNS = ("mid", *GENRES, *SPLITS)
SPLIT_SETS = ("train", "val", "test")
"""Meaning of 0, 1 and 2 in a split."""

GROUP_ENDING = ".zarr"
WIDTH_ATTRIBUTE = "num_features"

GROUP_BACKBONES = {
    "shufflenet": "i_shufflenet",
    "resnet18": "i_resnet18",
    "resnet50": "i_resnet",
    "vgg16": "i_vgg16",
    "vgg19": "i_vgg19",
    "swin_t": "i_swin",
    "clip_image": "w_clip",
    "shufflenet3d": "k_shufflenet",
    "r2plus1d_18": "k_r2plus1d",
    "swin3d_t": "ik_swin",
}
"""Name of a backbone in the names of groups, by our name of it: its training data, then the
network. i is ImageNet and k Kinetics, as in the paper, which names shufflenet, resnet50, swin_t and
the last three; w is images and texts of the web; the other names follow the same rule."""

FIELD = "marquee_trailers12k"
"""Key of a record for the data of Trailers12k that TMDB has no field for."""

_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def frames_group(backbone: str) -> str | None:
    """Return the group of an image backbone's features of clips; None where it has no name.

    Example:
        >>> frames_group("swin_t"), frames_group("resnet18"), frames_group("minilm")
        ('trailers_i_swin_fpc24', 'trailers_i_resnet18_fpc24', None)
    """
    return f"trailers_{GROUP_BACKBONES[backbone]}_fpc24" if backbone in GROUP_BACKBONES else None


def clips_group(backbone: str) -> str | None:
    """Return the group of a clip backbone's features; None where it has no name.

    Example:
        >>> clips_group("swin3d_t")
        'trailers_ik_swin_fps24_fpc24'
    """
    return (
        f"trailers_{GROUP_BACKBONES[backbone]}_fps24_fpc24" if backbone in GROUP_BACKBONES else None
    )


def posters_group(backbone: str) -> str | None:
    """Return the group of a backbone's poster features; None where it has no name."""
    return f"posters_{GROUP_BACKBONES[backbone]}" if backbone in GROUP_BACKBONES else None


def is_group_name(name: str) -> bool:
    """Return whether a name is valid for a group, and so for a folder of the store.

    Example:
        >>> is_group_name("trailers_i_swin_fpc24"), is_group_name("../x"), is_group_name("{x}")
        (True, False, False)
    """
    return bool(_GROUP.fullmatch(name)) and ".." not in name


def normalise_imdb_id(value: object) -> str | None:
    """Normalise an IMDb id, written with or without `tt`, as text or as a number.

    Example:
        >>> [normalise_imdb_id(value) for value in ("0347149", 347149, "tt0347149")]
        ['tt0347149', 'tt0347149', 'tt0347149']
        >>> [normalise_imdb_id(value) for value in (True, "0", "tt12345678901")]
        [None, None, None]
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = value if isinstance(value, str) else str(value) if 0 < value < 10**10 else ""
    digits = text.strip().removeprefix("tt")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits)):
        return None
    return format_imdb_id(int(digits)) if len(digits) < 7 else f"tt{digits}"
