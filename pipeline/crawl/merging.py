"""Merge what several sources know of a movie into one record, and keep each field's source."""

from collections.abc import Mapping, Sequence

from pipeline.crawl.json_values import read_mapping, read_mappings
from pipeline.crawl.stand_ins import drop_stand_in

PLOTS = ("overview", "tagline")
"""Texts in which a phrase such as "No overview found." stands for nothing."""

PROVENANCE_KEY = "marquee_provenance"
"""Key of the record that holds the source of every field; only where a dump filled one."""

BOX_OFFICE_KEY = "marquee_box_office"
"""Key of a list of every source's figures; none replaces another."""


def merge_sources(sources: Sequence[tuple[str, Mapping]]) -> dict:
    """Take every field from the first source that knows it.

    Videos and box-office figures are exceptions: those of all sources are concatenated, since any
    video may be removed tomorrow.

    Args:
        sources: Name and fields in TMDB's format, the most trusted first.

    Returns:
        The record, in TMDB's format, with `marquee_provenance` where a source other than TMDB
        contributed.

    Example:
        >>> merged = merge_sources([("tmdb", {"id": 1, "budget": 0}), ("dump", {"budget": 5})])
        >>> merged["budget"], merged["marquee_provenance"]
        (5, {'id': 'tmdb', 'budget': 'dump'})
    """
    merged: dict = {}
    provenance: dict[str, str] = {}
    for source, fields in sources:
        for name, raw in fields.items():
            value = drop_stand_in(raw) if name in PLOTS and isinstance(raw, str) else raw
            if name == "videos" and is_known(merged.get(name)):
                merged[name], is_more = _add_videos(merged[name], value)
                provenance[name] += f", {source}" if is_more else ""
            elif name == BOX_OFFICE_KEY and is_known(merged.get(name)):
                merged[name] = [*merged[name], *value]
                provenance[name] += f", {source}"
            elif name not in merged or (is_known(value) and not is_known(merged[name])):
                merged[name] = value
                provenance[name] = source
    known = {name: source for name, source in provenance.items() if is_known(merged[name])}
    if any(source != "tmdb" for source in known.values()):
        merged[PROVENANCE_KEY] = known
    return merged


def is_known(value: object) -> bool:
    """Return whether a field has a value: unknowns are null, NaN, 0, "", [] and {}.

    Example:
        >>> is_known({"cast": [], "crew": []}), is_known({"cast": [{"id": 1}], "crew": []})
        (False, True)
    """
    if isinstance(value, Mapping):
        return any(is_known(item) for item in value.values())
    return bool(value) and value == value


def _add_videos(before: Mapping, more: object) -> tuple[dict, bool]:
    """Append the videos whose key is not listed yet."""
    listed = list(_results(before))
    keys = {(video.get("site"), video.get("key")) for video in listed}
    new = [video for video in _results(more) if (video.get("site"), video.get("key")) not in keys]
    return {**before, "results": [*listed, *new]}, bool(new)


def _results(videos: object) -> list[Mapping[str, object]]:
    return read_mappings(read_mapping(videos).get("results"))
