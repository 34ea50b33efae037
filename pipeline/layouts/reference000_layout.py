"""Names of reference implementation 000's folders and files: `<folder>/<tmdb_id><ending>`.

Source: reference implementation 000, "Meta data", "Box Office", "Poster", "Poster High-level
features".
"""

BASICS, KEYWORDS, CREDITS = "basics", "keywords", "credits"
POSTERS, FEATURES, REGIONS = "posters", "poster_features", "attr_bbox"

ENDINGS = {
    BASICS: ".npy",
    KEYWORDS: ".npy",
    CREDITS: ".npy",
    POSTERS: ".jpg",
    FEATURES: ".npy",
    REGIONS: ".txt",
}
"""Suffix of the files in each folder."""

BOX_OFFICE_CSV = "IMDB_crawl_36k_rawdata.csv"

FEATURE_CHANNELS = 2048
FEATURE_SIDES = (7, 4)
"""ROI features: (objects, 2048, 7, 7) at first, (objects, 2048, 4, 4) in the newer release."""


def place(folder: str, tmdb_id: int) -> str:
    """Return the path of a movie's file.

    Example:
        >>> place(REGIONS, 597)
        'attr_bbox/597.txt'
    """
    return f"{folder}/{int(tmdb_id)}{ENDINGS[folder]}"
