"""TMDB's API version 3, as far as a crawl needs it: routes, limits, errors."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resources.studio.access import API_KEY
from resources.studio.catalogue.catalogue import Catalogue, today
from resources.studio.catalogue.words import GENRES

PAGE_MOVIES, PAGE_CHANGES = 20, 100
LAST_PAGE = 500
MOST_CHANGE_DAYS = 14
MOST_PARTS = 20
PARTS = ("credits", "keywords", "videos", "release_dates", "external_ids")
POSTER_WIDTHS_PX = {
    "w92": 92, "w154": 154, "w185": 185, "w342": 342, "w500": 500, "w780": 780, "original": 1000,
}  # fmt: skip
LIST_FIELDS = (
    "adult", "backdrop_path", "id", "original_language", "original_title", "overview", "popularity",
    "poster_path", "release_date", "title", "video", "vote_average", "vote_count",
)  # fmt: skip
CHANGE_KEYS = ("budget", "cast", "genres", "images", "overview", "release_dates", "title", "videos")


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of ours
    """An answer in the shape of TMDB's errors."""

    def __init__(self, http_status: int, status_code: int, message: str):
        super().__init__(message)
        self.http_status, self.status_code = http_status, status_code

    def response(self) -> JSONResponse:
        """Shape the answer."""
        body = {"success": False, "status_code": self.status_code, "status_message": str(self)}
        return JSONResponse(body, self.http_status)


class TmdbApi:
    """The routes under `/3`."""

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/3/configuration", _guarded(self._configuration)),
            Route("/3/genre/movie/list", _guarded(self._genres)),
            Route("/3/discover/movie", _guarded(self._discover)),
            Route("/3/movie/changes", _guarded(self._changes)),
            Route("/3/movie/{tmdb_id}", _guarded(self._details)),
            Route("/3/{rest:path}", _guarded(_refuse_route)),
        ]

    def _configuration(self, request: Request) -> dict:
        base_url = f"{str(request.base_url).rstrip('/')}/t/p/"
        sizes = list(POSTER_WIDTHS_PX)
        images = {
            "base_url": base_url,
            "secure_base_url": base_url,
            "backdrop_sizes": ["w300", "w780", "w1280", "original"],
            "logo_sizes": ["w45", "w92", "w154", "w185", "w300", "w500", "original"],
            "poster_sizes": sizes,
            "profile_sizes": ["w45", "w185", "h632", "original"],
            "still_sizes": ["w92", "w185", "w300", "original"],
        }
        return {"images": images, "change_keys": list(CHANGE_KEYS)}

    def _genres(self, _request: Request) -> dict:
        return {"genres": [{"id": key, "name": name} for key, name in GENRES.items()]}

    def _discover(self, request: Request) -> dict:
        query = request.query_params
        days = [query.get(f"primary_release_date.{end}", "") for end in ("gte", "lte")]
        order, _, direction = query.get("sort_by", "id.asc").rpartition(".")
        is_by_date = order in ("primary_release_date", "release_date")
        if any(days) or is_by_date:
            ids = self._released(*days)
            ids = ids if is_by_date else sorted(ids)
        else:
            ids = self._catalogue.movie_ids()
        if direction == "desc":
            ids = ids[::-1]
        ids = self._voted(ids, query.get("vote_count.gte"), query.get("vote_count.lte"))
        return _paged(request, ids, PAGE_MOVIES, self._list_movie)

    def _released(self, first_day: str, last_day: str) -> list[int]:
        listing = self._catalogue.listing()
        if not first_day and not last_day:
            return [tmdb_id for _, tmdb_id in listing]
        # Movies without a date sort first, as "": a slice by date never shows them.
        start = bisect_left(listing, (first_day or "0",))
        end = bisect_right(listing, (last_day or "9999", float("inf")))
        return [tmdb_id for _, tmdb_id in listing[start:end]]

    def _voted(self, ids: list[int], least: str | None, most: str | None) -> list[int]:
        if not (least or most):
            return ids
        low, high = float(least or 0), float(most or "inf")
        return [
            i for i in ids if low <= (self._catalogue.summary(i).get("vote_count") or 0) <= high
        ]

    def _list_movie(self, tmdb_id: int) -> dict:
        movie = self._catalogue.summary(tmdb_id)
        listed = {field: movie.get(field) for field in LIST_FIELDS}
        return listed | {"genre_ids": [genre["id"] for genre in movie.get("genres", [])]}

    def _changes(self, request: Request) -> dict:
        query = request.query_params
        end = _day(query.get("end_date")) or today()
        start = _day(query.get("start_date")) or end - timedelta(days=1)
        if (end - start).days > MOST_CHANGE_DAYS:
            raise Refusal(422, 20, f"The range of dates may span {MOST_CHANGE_DAYS} days at most.")
        known = set(self._catalogue.movie_ids())
        changed = self._catalogue.changed_between(start, end)
        return _paged(
            request, changed, PAGE_CHANGES,
            # TMDB no longer knows this of a movie that it has deleted.
            lambda tmdb_id: {"id": tmdb_id, "adult": False if tmdb_id in known else None},
        )  # fmt: skip

    def _details(self, request: Request) -> dict:
        text = request.path_params["tmdb_id"]
        if not text.isdecimal():
            raise Refusal(404, 6, f"Invalid id: {text} is not a number.")
        asked = request.query_params.get("append_to_response", "").split(",")
        if len(asked) > MOST_PARTS:
            raise Refusal(400, 27, f"At most {MOST_PARTS} parts can be appended.")
        try:
            details = self._catalogue.details(int(text))
        except LookupError:
            raise Refusal(404, 34, "The resource you asked for was not found.") from None
        # A real record may hold more parts than ours: only what was asked for goes out.
        parts = {key for key, value in details.items() if _is_part(key, value)} - set(asked)
        return {key: value for key, value in details.items() if key not in parts}


def _is_part(key: str, value: object) -> bool:
    return key in PARTS or (isinstance(value, dict) and key != "belongs_to_collection")


def _refuse_route(_request: Request) -> dict:
    raise Refusal(404, 34, "The resource you asked for was not found.")


def _guarded(answer: Callable[[Request], dict]) -> Callable:
    """Check the key, then answer in JSON or refuse in TMDB's shape."""

    # On the event loop, without a thread: an answer is made faster than a thread is handed over.
    async def respond(request: Request) -> Response:
        key = request.query_params.get("api_key")
        bearer = request.headers.get("authorization", "")
        if API_KEY not in (key, bearer.removeprefix("Bearer ")):
            return Refusal(401, 7, "Invalid key: the studio wants api_key=studio.").response()
        try:
            return JSONResponse(answer(request))
        except Refusal as refusal:
            return refusal.response()

    return respond


def _paged(request: Request, ids: list[int], per_page: int, show: Callable[[int], dict]) -> dict:
    text = request.query_params.get("page", "1")
    page = int(text) if text.isdecimal() else 0
    if not 1 <= page <= LAST_PAGE:
        raise Refusal(400, 22, f"Invalid page: pages go from 1 to {LAST_PAGE}, in digits.")
    shown = ids[(page - 1) * per_page : page * per_page]
    return {
        "page": page,
        "results": [show(tmdb_id) for tmdb_id in shown],
        "total_pages": max(1, -(-len(ids) // per_page)),
        "total_results": len(ids),
    }


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refusal(422, 20, f"Invalid date: {text}; wanted YYYY-MM-DD.") from None
