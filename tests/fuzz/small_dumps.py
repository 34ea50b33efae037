"""A small dump of every kind, written by hand, and which real files are of which kind."""

import io
import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from parsers_media import pictures

_NAMES = b'"[{""id"": 28, ""name"": ""Action""}]"'
_REPR = b"\"[{'id': 28, 'name': 'Action'}, {'id': 1, 'name': None}]\""
TEXTS: Mapping[str, Mapping[str, bytes]] = {
    "tmdb5000": {
        "movies.csv": b"budget,genres,homepage,id,keywords,original_language,original_title,"
        b"overview,popularity,production_companies,production_countries,release_date,revenue,"
        b"runtime,spoken_languages,status,tagline,title,vote_average,vote_count\n237000000,"
        + _NAMES + b",http://a/,19995," + _NAMES + b',en,Avatar,"A, b",150.4,' + _NAMES + b",[],"
        b"2009-12-10,2787965087,162.0,[],Released,Enter,Avatar,7.2,11800\n",
        "credits.csv": b"movie_id,title,cast,crew\n19995,Avatar,"
        b'"[{""cast_id"": 2, ""id"": 65731, ""name"": ""Sam"", ""order"": 0}]",'
        b'"[{""id"": 2710, ""job"": ""Director"", ""name"": ""James""}]"\n',
        "crosswalk.csv": b"tmdb_id,title,release_date,budget,revenue,vote_average,vote_count,"
        b"imdb_id,movieId,youtube_id_movielens,youtube_id_trailer_genres,trailer_seconds,"
        b"has_poster\n19995,Avatar,2009-12-10,237000000,2787965087,7.2,11800,tt0499549,72998.0,"
        b"5MB3Ea6L-gw,8TNlvM4cN6U,195.7,True\n",
    },
    "movies_dataset": {
        "movies_metadata.csv": b"adult,belongs_to_collection,budget,genres,homepage,id,imdb_id,"
        b"original_language,original_title,overview,popularity,poster_path,production_companies,"
        b"production_countries,release_date,revenue,runtime,spoken_languages,status,tagline,title,"
        b"video,vote_average,vote_count\nFalse,\"{'id': 10194, 'name': 'Toy Story Collection'}\","
        b"30000000," + _REPR + b",http://a/,862,tt0114709,en,Toy Story,Woody's toys,21.9,/a.jpg,"
        + _REPR + b",[],10/30/1995,373554033,81.0,[],Released,,Toy Story,False,7.7,5415\n"
        b"1997-08-20,broken\n",
        "credits.csv": b"cast,crew,id\n" + _REPR + b"," + _REPR + b",862\n",
        "keywords.csv": b"id,keywords\n862," + _REPR + b"\n",
        "links.csv": b"movieId,imdbId,tmdbId\n1,0114709,862\n2,0113497,\n",
    },
    "movielens": {
        "ml-youtube.csv": b"youtubeId,movieId,title\nK26_sDKnvMU,1,Toy Story (1995)\n#NAME?,2,"
        b'"American President, The (1995)"\nK26_sDKnvMU,1,Toy Story (1995)\n',
        "links.csv": b"movieId,imdbId,tmdbId\n1,0114709,862\n2,0113497,8844\n3,0113228,\n",
    },
    "imdb5000": {
        "movie_metadata.csv": b"color,director_name,duration,gross,genres,actor_1_name,"
        b"movie_title,num_voted_users,plot_keywords,movie_imdb_link,language,country,"
        b"content_rating,budget,title_year,imdb_score\nColor,James Cameron,178,760505847,"
        b"Action|Sci-Fi,CCH Pounder,Avatar\xc2\xa0,886204,avatar|future,http://www.imdb.com/title/"
        b"tt0499549/?ref_=fn_tt_tt_1,English,USA,PG-13,237000000,2009,7.9\n",
    },
    "the_numbers": {
        "the_numbers_budgets.csv": b"id,release_date,movie,production_budget,domestic_gross,"
        b'worldwide_gross\n1,"Dec 18, 2009",Avatar,"$425,000,000","$760,507,625","$2,776,345,279"\n'
        b'2,"May 20, 2011",B,"$1",$0,$0\n',
    },
    "box_office_mojo": {
        "box_office_mojo_gross.csv": b"title,studio,domestic_gross,foreign_gross,year\nToy Story 3"
        b',BV,415000000.0,652000000,2010\nAlice (2010),BV,334200000.0,"1,131.6",2010\n',
    },
    "imdbpro_csv": {
        "IMDB_crawl_36k_rawdata.csv": b"imdb_id,N_Theatres,Release Date,Summary,Budget,Opening,"
        b"Gross_Domestic,Gross_Worldwide,IMDB Rating,Voters,N_Articles,Awards Summary,MPAA,"
        b"keyword_tag,Production Company,Distributor,Directors,Writers,Stars,tmdb_id\ntt0039302,"
        b'"1,100","Sep 27, 1947",A man. See more More. See less,"$430,000",,,"$9,693",7.5,"19,450"'
        b',86,,Passed,"Film-Noir, Thriller",W,W,Delmer Daves,"A, B","C, D",16227\n',
    },
}  # fmt: skip
REAL = {
    "tmdb5000": ("movies.csv.gz", "credits.csv.gz", "crosswalk.csv"),
    "movies_dataset": ("movies_metadata_sample.csv.gz", "credits_partial.csv",
                       "keywords_partial.csv"),
    "movielens": ("ml-youtube.csv", "links.csv"),
    "imdb5000": ("movie_metadata.csv.gz",),
    "the_numbers": ("the_numbers_budgets.csv.gz",),
    "box_office_mojo": ("box_office_mojo_gross.csv.gz",),
    "imdbpro_csv": ("IMDB_crawl_36k_first36rows.csv",),
    "trailers12k": ("mtgc.csv",),
}  # fmt: skip
REAL_FOLDERS = {
    "the_numbers": "boxoffice", "box_office_mojo": "boxoffice", "imdbpro_csv": "imdbpro",
}  # fmt: skip


@cache
def small_dump(name: str) -> Mapping[str, bytes]:
    """Return the files of a dump by their places in its folder."""
    if name == "trailers12k":
        return _small_trailers12k()
    if name == "seed000":
        return _small_seed000()
    return TEXTS[name]


def _small_trailers12k() -> dict[str, bytes]:
    import zarr

    entry = {
        "imdb": {"id": "0120338", "genres": ["Drama"]},
        "youtube": {"trailers": [{"id": "kVrqfYjkTdQ"}]},
    }
    files = {
        "metadata.json": json.dumps({"trailers12k": {"7": entry}}).encode(),
        "mtgc.csv": b"mid,action,adventure,comedy,crime,drama,fantasy,horror,romance,sci-fi,"
        b"thriller,split0,split1,split2\ntt0120338,0,0,0,0,1,0,0,1,0,0,0,2,1\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        for version in (2, 3):
            path = Path(folder, f"group_{version}.zarr")
            group = zarr.open_group(str(path), mode="w", zarr_format=version)
            group.attrs["num_features"] = 4
            group.create_array("tt0120338", data=np.ones((3, 4), dtype=np.float32))
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                files[str(path.relative_to(folder))] = path.read_bytes()
    return files


def npy_of(value: object) -> bytes:
    """Write a dict as the seed did: `np.save` of an object array without dimensions."""
    with io.BytesIO() as sink:
        np.save(sink, value, allow_pickle=True)
        return sink.getvalue()


BOXES = "red,round,car\n0.9,0.5\n0.8\n[1.0, 2.0, 30.5, 40.0]\n"
ANSWER = {"id": 597, "title": "Titanic", "genres": [{"id": 18, "name": "Drama"}], "budget": 2e8}


def _small_seed000() -> dict[str, bytes]:
    from pipeline.layouts import reference000_layout

    contents = {
        reference000_layout.BASICS: npy_of(ANSWER),
        reference000_layout.KEYWORDS: npy_of({"id": 597, "keywords": [{"id": 1, "name": "ship"}]}),
        reference000_layout.CREDITS: npy_of(
            {"id": 597, "cast": [{"id": 6193, "name": "Leo"}], "crew": []}
        ),
        reference000_layout.POSTERS: pictures()[0],
        reference000_layout.REGIONS: BOXES.encode(),
    }
    files = {
        reference000_layout.place(folder, 597): content for folder, content in contents.items()
    }
    return files | dict(TEXTS["imdbpro_csv"])
