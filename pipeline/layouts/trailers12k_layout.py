"""Names of Trailers12k's files, its genres and splits, and how it spells an IMDb id.

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

NAMES = {
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
"""What a backbone is called in the names of groups, by our name of it: what it was trained on, then
the network. i is ImageNet and k Kinetics, as in the paper, whose names are those of shufflenet,
resnet50, swin_t and the last three; w is pictures and texts of the web, the rest is by its rule."""

FIELD = "marquee_trailers12k"
"""Key of a record under which stands what TMDB has no field for."""

IMDB_ID = re.compile(r"tt[0-9]{7,10}")
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def frames_group(backbone: str) -> str | None:
    """Name the group of an image backbone's features of clips; None where it has no name here.

    Example:
        >>> frames_group("swin_t"), frames_group("resnet18"), frames_group("minilm")
        ('trailers_i_swin_fpc24', 'trailers_i_resnet18_fpc24', None)
    """
    return f"trailers_{NAMES[backbone]}_fpc24" if backbone in NAMES else None


def clips_group(backbone: str) -> str | None:
    """Name the group of a clip backbone's features; None where it has no name here.

    Example:
        >>> clips_group("swin3d_t")
        'trailers_ik_swin_fps24_fpc24'
    """
    return f"trailers_{NAMES[backbone]}_fps24_fpc24" if backbone in NAMES else None


def posters_group(backbone: str) -> str | None:
    """Name the group of a backbone's poster features; None where it has no name here."""
    return f"posters_{NAMES[backbone]}" if backbone in NAMES else None


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
