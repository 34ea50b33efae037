from datetime import date

import pytest

from pipeline.core.errors import ConfigurationError, StoreError
from resources.run_context import open_run_context
from resources.settings import Settings
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.opening import announcement, open_catalogue, trailer_cache
from resources.studio.servers.running import start_studio


def opened(tmp_path, **settings):
    return open_run_context(Settings(store=str(tmp_path / "store"), **settings))


def test_without_a_key_the_studio_is_the_source(tmp_path):
    with opened(tmp_path, studio="generated:7:3") as run_context:
        assert run_context.source.is_studio
        assert run_context.preset.name == "small"
        listed = run_context.tmdb.discover_ids(date(1900, 1, 1), date(2100, 1, 1))
        assert sorted(listed) == [90000001, 90000002, 90000003]


def test_with_a_key_the_real_tmdb_is_the_source_and_the_preset_the_same(tmp_path):
    with opened(tmp_path, tmdb_api_key="0123456789abcdef0123456789abcdef") as run_context:
        assert run_context.source.name == "tmdb"
        assert not run_context.source.is_studio
        assert run_context.settings.tmdb_api_url == "https://api.themoviedb.org/3"
        assert run_context.preset.name == "small"
        assert run_context.imdbpro is None


def test_studios_store_and_the_real_one_never_mix(tmp_path):
    with opened(tmp_path, studio="generated:7:3"):
        pass
    with pytest.raises(StoreError, match="never mix"), opened(tmp_path, tmdb_api_key="0123456789"):
        pass


def test_stores_of_two_studios_never_mix(tmp_path):
    with opened(tmp_path, studio="generated:7:3"):
        pass
    with pytest.raises(StoreError, match="never mix"), opened(tmp_path, studio="generated:8:3"):
        pass


def test_larger_catalogue_of_the_same_studio_is_the_same_source(tmp_path):
    for size in (3, 5):
        with opened(tmp_path, studio=f"generated:7:{size}") as run_context:
            assert run_context.source.about["size"] == size


def test_address_without_a_key_says_how_to_get_one(tmp_path):
    with (
        pytest.raises(ConfigurationError, match="TMDB_API_KEY"),
        opened(tmp_path, tmdb_api_url="https://tmdb.example/3"),
    ):
        pass


def test_unknown_preset_and_catalogue_name_the_choices(tmp_path):
    with (
        pytest.raises(ConfigurationError, match="published, small, random"),
        opened(tmp_path, preset="x"),
    ):
        pass
    with pytest.raises(ConfigurationError, match="generated:7:400"), opened(tmp_path, studio="x"):
        pass


def test_studio_that_is_up_is_used(tmp_path):
    catalogue = GeneratedCatalogue(4, 77, trailer_cache())
    with (
        start_studio(catalogue, announce=announcement(catalogue)) as studio,
        opened(tmp_path, studio="generated:77:4") as run_context,
    ):
        assert run_context.settings.tmdb_api_url == studio.urls["TMDB_API_URL"]


def test_studio_by_its_address_is_known_as_one(tmp_path):
    with start_studio(GeneratedCatalogue(4, 7, trailer_cache())) as studio:
        urls = studio.urls
        settings = {"tmdb_api_url": urls["TMDB_API_URL"], "tmdb_api_key": urls["TMDB_API_KEY"]}
        with opened(tmp_path, **settings) as run_context:
            assert run_context.source.is_studio


def test_folder_that_is_no_studio_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="movies"):
        open_catalogue(f"folder:{tmp_path}")
