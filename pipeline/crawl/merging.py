"""Makes one record of what several sources say of a movie, and remembers who said what."""

from collections.abc import Mapping, Sequence

PROVENANCE = "marquee_provenance"
"""Key of the record that names the source of every field; only where a dump filled one."""

BOX_OFFICE = "marquee_box_office"
"""Key of a list: every source's figures side by side, none replaces another."""


def merge_answers(answers: Sequence[tuple[str, Mapping]]) -> dict:
    """Take every field from the first source that knows it.

    Videos are the exception: each source's are added behind those before, since any of them may be
    gone tomorrow. Figures of the box office stand side by side for the same reason.

    Args:
        answers: Source and fields in TMDB's shape, the most trusted first.

    Returns:
        The record, in TMDB's shape, with `marquee_provenance` where more than the first source,
        or another one than TMDB, had a part in it.

    Example:
        >>> merged = merge_answers([("tmdb", {"id": 1, "budget": 0}), ("dump", {"budget": 5})])
        >>> merged["budget"], merged["marquee_provenance"]
        (5, {'id': 'tmdb', 'budget': 'dump'})
    """
    merged: dict = {}
    provenance: dict[str, str] = {}
    for source, fields in answers:
        for name, value in fields.items():
            if name == "videos" and is_known(merged.get(name)):
                merged[name], is_more = _add_videos(merged[name], value)
                provenance[name] += f", {source}" if is_more else ""
            elif name == BOX_OFFICE and is_known(merged.get(name)):
                merged[name] = [*merged[name], *value]
                provenance[name] += f", {source}"
            elif name not in merged or (is_known(value) and not is_known(merged[name])):
                merged[name] = value
                provenance[name] = source
    known = {name: source for name, source in provenance.items() if is_known(merged[name])}
    if any(source != "tmdb" for source in known.values()):
        merged[PROVENANCE] = known
    return merged


def is_known(value: object) -> bool:
    """Whether a field says anything: TMDB writes unknowns as null, 0, "", [] and {}.

    Example:
        >>> is_known({"cast": [], "crew": []}), is_known({"cast": [{"id": 1}], "crew": []})
        (False, True)
    """
    if isinstance(value, Mapping):
        return any(is_known(part) for part in value.values())
    return bool(value)


def _add_videos(before: Mapping, more: object) -> tuple[dict, bool]:
    """Add videos whose key is not listed yet."""
    listed = list(_results(before))
    keys = {(video.get("site"), video.get("key")) for video in listed}
    new = [video for video in _results(more) if (video.get("site"), video.get("key")) not in keys]
    return {**before, "results": [*listed, *new]}, bool(new)


def _results(videos: object) -> list[Mapping]:
    results = videos.get("results") if isinstance(videos, Mapping) else None
    return [v for v in results if isinstance(v, Mapping)] if isinstance(results, list) else []
