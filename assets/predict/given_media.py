"""Posters and trailers that are given by their addresses are fetched; files stay in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from assets.predict.input_encoding import Report
from assets.predict.input_files import MAX_POSTER_BYTES, POSTER, TRAILER
from pipeline.core.errors import InputError, ItemError, SourceError, TrailerError
from pipeline.media.trailer import probe
from pipeline.predict.media_inputs import MediaUrl
from resources.given_urls import fetch_given_poster, fetch_given_trailer
from resources.run_context import RunContext
from resources.storage.owned_folders import OwnedFolder

_ALLOWED = "an http(s) address on the public internet, of "


class GivenMedia:
    """Opens what inputs name.

    Args:
        run_context: Its settings name the sources, whose hosts may lie anywhere.
        report: Says what is being done.
    """

    def __init__(self, run_context: RunContext, report: Report):
        self._run_context, self._report = run_context, report

    def read_poster(self, given: Path | bytes | MediaUrl) -> Path | bytes:
        """Fetch a poster that is given by its address.

        Raises:
            InputError: It cannot be fetched.
        """
        if not isinstance(given, MediaUrl):
            return given
        self._report("fetching the poster")
        try:
            settings = self._run_context.settings
            return fetch_given_poster(given.address, settings, MAX_POSTER_BYTES)
        except (ItemError, SourceError) as error:
            raise InputError("poster", str(error), _ALLOWED + POSTER) from error

    @contextmanager
    def open_trailer(self, given: Path | MediaUrl) -> Iterator[tuple[Path, Path | None]]:
        """Download a trailer that is given by its address; yield its file, and that of its sound.

        Raises:
            InputError: It cannot be downloaded.
        """
        if not isinstance(given, MediaUrl):
            yield given, None
            return
        self._report("fetching the trailer")
        with OwnedFolder() as folder:
            inspect = partial(self._run_context.decoders.call, probe)
            try:
                fetched = fetch_given_trailer(
                    given.address, self._run_context.settings, folder.path, inspect
                )
            except (ItemError, SourceError, TrailerError) as error:
                raise InputError("trailer", str(error), _ALLOWED + TRAILER) from error
            yield fetched.path, fetched.audio_path
