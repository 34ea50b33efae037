"""What somebody sees who opens Dagster's UI after a build."""

import base64
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from present import present

from assets.cli.build import STAGES

pytestmark = pytest.mark.ui

ASSETS = {
    "crawl": ["movie_catalog", "movie_records", "box_office"],
    "media": ["posters", "trailers"],
    "frames": ["trailer_frames", "trailer_audio"],
    "embeddings": ["text_embeddings", "poster_embeddings", "poster_regions", "frame_embeddings"],
    "splits": ["movie_features", "revenue_splits", "genre_splits"],
    "models": ["revenue_baselines", "revenue_model", "poster_model"],
    "evaluation": ["revenue_evaluation", "score_evaluation", "leaderboard"],
}


def test_graph_is_drawn_by_stages(page, tmp_path):
    page.goto("/asset-groups")
    for stage in STAGES:
        expect(group_box(page, stage)).to_be_visible()
    take_picture(page, tmp_path / "stages.png")


def test_every_asset_is_drawn_within_its_stage(page, tmp_path):
    assert set(ASSETS) == set(STAGES)
    for stage, assets in ASSETS.items():
        # one stage at a time: of all opened together the UI draws only what fits the window
        page.goto(f"/asset-groups?expanded=global@global:{stage}")
        for asset in assets:
            named = re.compile(rf"^{asset}(?![a-z_])")  # "box_office" begins other names too
            node = page.locator("svg foreignObject").filter(has_text=named)
            expect(node).to_be_visible()
            assert is_inside(node, group_box(page, stage)), f"{asset} is not in {stage}"
        take_picture(page, tmp_path / f"{stage}.png")


def test_movie_with_a_poster_is_materialized_as_ok(page, site, tmp_path):
    tmdb_id = next(i for i in site.catalogue.movie_ids() if has_poster(site, i))
    open_partition(page, "posters", tmdb_id)
    expect_metadata(page, "status", "ok")
    with Image.open(site.store / "posters" / f"{tmdb_id}.jpg") as poster:
        expect_metadata(page, "width_px", str(poster.width))
    expect(metadata_row(page, "source")).to_contain_text("built-in studio")
    take_picture(page, tmp_path / "ok.png")


@pytest.mark.parametrize("asset", ["posters", "trailer_frames", "trailer_audio", "poster_regions"])
def test_picture_of_a_movie_is_on_the_screen(page, site, asset, tmp_path):
    tmdb_id = next(
        int(path.stem)
        for path in sorted((site.store / "attr_bbox").glob("*.txt"))
        if (site.store / "audio" / f"{path.stem}.npy").exists()
    )
    open_partition(page, asset, tmdb_id)
    expect_metadata(page, "title", site.catalogue.details(tmdb_id)["title"])
    metadata_row(page, "picture").get_by_text("[Show Markdown]").click()
    picture = page.get_by_role("dialog").get_by_role("img", name="picture")
    expect(picture).to_be_visible()
    page.wait_for_function("picture => picture.complete", arg=picture.element_handle())
    take_picture(page, tmp_path / f"{asset}.png")
    assert picture.evaluate("picture => picture.naturalWidth") > 0
    assert len(picture.get_attribute("src")) <= 16_000


def test_movie_without_a_poster_is_materialized_as_absent_with_the_reason(page, site, tmp_path):
    tmdb_id = next(i for i in site.catalogue.movie_ids() if not has_poster(site, i))
    open_partition(page, "posters", tmdb_id)
    expect_metadata(page, "status", "unavailable")
    expect_metadata(page, "reason", "not_listed")
    take_picture(page, tmp_path / "absent.png")


def test_confusion_matrix_is_shown_as_a_picture(page, tmp_path):
    page.goto("/assets/revenue_evaluation")
    metadata_row(page, "confusion_matrix").get_by_text("[Show Markdown]").click()
    picture = page.get_by_role("dialog").get_by_role("img", name="confusion_matrix")
    expect(picture).to_be_visible()
    page.wait_for_function("picture => picture.complete", arg=picture.element_handle())
    width_px = picture.evaluate("picture => picture.naturalWidth")
    take_picture(page, tmp_path / "confusion_matrix.png")
    header, _, content = picture.get_attribute("src").partition(",")
    assert header == "data:image/png;base64"
    assert 0 < width_px <= 1100  # wider ones are cut off by Dagster's dialog
    assert base64.b64decode(content).startswith(b"\x89PNG")


def test_scores_and_source_stand_beside_the_picture(page, tmp_path):
    page.goto("/assets/revenue_evaluation")
    expect(metadata_row(page, "source")).to_contain_text("built-in studio")
    expect(metadata_row(page, "backbones")).to_contain_text("weights: random")
    expect(metadata_row(page, "report")).to_contain_text("report.html")
    take_picture(page, tmp_path / "evaluation.png")


def test_schedules_are_on_and_the_sensor_is_off(page, tmp_path):
    page.goto("/automation")
    nightly = page.locator("a[href*='/schedules/nightly_crawl']")
    expect(nightly).to_contain_text("At 02:00 AM UTC")
    expect(page.locator("a[href*='/schedules/weekly_prune']")).to_be_visible()
    expect(page.locator("a[href*='/sensors/due_movies']")).to_be_visible()
    switches = page.locator("label[class*='formatSwitch'] input")
    expect(switches).to_have_count(3)
    expect(page.locator("label[class*='formatSwitch'] input:checked")).to_have_count(2)
    take_picture(page, tmp_path / "automation.png")


def group_box(page: Page, stage: str) -> Locator:
    heading = page.locator(f"[data-tooltip='{stage}']")
    return page.locator("svg foreignObject").filter(has=heading)


def is_inside(node: Locator, box: Locator) -> bool:
    inner, outer = present(node.bounding_box()), present(box.bounding_box())
    x, y = inner["x"] + inner["width"] / 2, inner["y"] + inner["height"] / 2
    return (
        outer["x"] < x < outer["x"] + outer["width"]
        and outer["y"] < y < outer["y"] + outer["height"]
    )


def has_poster(site, tmdb_id: int) -> bool:
    return bool(site.catalogue.details(tmdb_id)["poster_path"])


def open_partition(page: Page, asset: str, tmdb_id: int) -> None:
    page.goto(f"/assets/{asset}?view=partitions&partition={tmdb_id}")
    expect(page.get_by_text("Latest materialization")).to_be_visible()


def metadata_row(page: Page, name: str) -> Locator:
    return page.locator("tr").filter(has=page.get_by_text(name, exact=True))


def expect_metadata(page: Page, name: str, value: str) -> None:
    expect(metadata_row(page, name).get_by_text(value, exact=True)).to_be_visible()


def take_picture(page: Page, path: Path) -> None:
    """Keep what a person would see, once all has come and faded in."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, animations="disabled")
