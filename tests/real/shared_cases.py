"""Run the cases of ../shared/cases and compare what they print with the right values.

    uv run python tests/real/shared_cases.py [CASE ...]

prints a line per case, here those whose folder begins with a CASE, and exits with 1 where a value
is not the right one. The right values are those of "Expected" in each case's README. Names that
have moved since a case was written are translated by `moved_names.py`.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "../shared/cases"
RUNNER = Path(__file__).with_name("moved_names.py")
TIMEOUT_S = 240
"""A case takes 1 to 7 s where nothing else runs."""


@dataclass(frozen=True)
class Right:
    """What the output of a case must contain, and what it must not, as regular expressions.

    The output is compared with every run of white space replaced by a single space.
    """

    contains: tuple[str, ...]
    lacks: tuple[str, ...] = ()


POSTPONED = r"\bunexpected retry final=False "
FINAL = (r"final[= ]True",)

RIGHT: Mapping[str, Right] = {
    "01-videos-language": Right((
        r"'include_video_language': 'fr,en,null'",
        r"ranked trailers \['frTRAILER01'\]",
    )),
    "02-youtube-words": Right((rf"{POSTPONED}A{{11}} The following content",), FINAL),
    "03-premiere-is-final": Right(
        (
            r"\blive retry final=False A{11} Premieres in 6 hours",
            r"live_status is_upcoming live retry final False",
            r"live_status post_live live retry final False",
        ),
        FINAL,
    ),
    "04-key-in-words": Right(
        tuple(f"{POSTPONED}{key} " for key in ("abcDRMxyz12", "abcDEFxyz12", "drmXDZ7Jad4")), FINAL
    ),
    "05-label-contradicted": Right((
        r"Harbour Diary \| label 263894551\.0 from the-numbers",
        r"Paper Lantern Row \| label 12291975\.0 from the-numbers",
    )),
    "06-store-path": Right((
        r"no store at \S+/films\?set=2 yet",
        r"what lies there: \[[^]]*'films\?set=1/ledger\.sqlite'",
        r"what lies there: \['films\?set=1/[^']*'(, 'films\?set=1/[^']*')*\]$",
    )),
    "07-timestamps-begin-anew": Right((
        r"concat\.ts: 320x180 h264, 200 frames from 1\.48 to 9\.44 s, partial False",
        r"mean colours \(coarse\) \[\(0, 0, 224\), \(224, 0, 0\)\]",  # a part of each
        r"reading \{.*'is_partial': False.*'frames_kept': 30",
    )),
    "08-which-sound-track": Right((r"two_audio\.mkv: 6\.\d\d s of sound, .* tone 440 Hz",)),
    "09-opposite-phase": Right((r"phase\.mp4: 6\.0\d s of sound, loud from 0\.0\d to [56]\.",)),
    "10-sound-rate-changes": Right((
        r"ratechange\.ts: 6\.0\d s of sound, loud from 0\.0\d to (5\.9|6\.0)",
    )),
    "11-sound-starts-late": Right((r"audio_off\.mp4: 6\.0\d s of sound, loud from 2\.0\d to ",)),
    "12-which-video-track": Right((
        r"twovid\.mkv: 640x360 h264, 150 frames",
        r"reading \{.*'frames_kept': 30",
    )),
    # 7 of 79 sampled frames are of the first 3 s. They are darker than all others, and the darkest
    # fifth of a trailer is not kept.
    "13-variable-rate": Right((r"vfr2\.mp4: .* kept frames before 3 s: [0-4] of 30",)),
    "14-null-markers": Right(
        (
            r"3 rows taken .* 0 refused",
            r"taken 903 \{'overview': 'Somebody walks\.', .*'runtime': None\}",
            r"taken 904 \{'overview': 'Somebody walks\.', .*'runtime': None\}",
            r"taken 906 \{'overview': None, 'tagline': None, 'imdb_id': None, 'runtime': 90\}",
        ),
        (r"(?i)'(nan|null|nat|none)'",),
    ),
    "15-placeholder-plots": Right(
        (
            r"910 text that is embedded: ''",
            r"912 text that is embedded: ''",
            r"the same by TMDB's API: ''",
        ),
        (r"(?i)no overview",),
    ),
    "16-title-signs": Right(
        (r"the-numbers: 0 rows taken .* 1 refused", r"unknown_movie 1 .*: \+1 \(2013\): no "),
        (r"was given the money of",),
    ),
    "17-millions-without-comma": Right((
        r"Harbour World \{'worldwide': 1671700000\.0, 'domestic': 652300000\.0\}",
    )),
    "18-carriage-returns": Right((r"-> rc 0 movies-dataset: 2 rows taken .* 0 refused",)),
    "19-sibling-dump": Right((r"-> rc 1 .* is another dump than tmdb5000", r"kept \[\]")),
    "20-dubbed-sound": Right((r"-> chosen \[\('251', 'de', 10\)\]",)),
    "21-zarr-empty-chunks": Right((
        r"\('taken', 'tt0000001', \['vggish_audio/\{tmdb_id\}\.npy'\]\)",
        r"zarr-python itself reads tt0000001 \(10, 8\)",
    )),
    "22-picture-with-more-behind": Right((
        r"Pillow: MPO \(200, 300\) marquee: PosterInfo\(width_px=200, height_px=300, format='JPEG'",
    )),
    "23-special-words-in-plot": Right((
        r"\['\[CLS\]', 'a', '\[', 'se', '##p', '\]', 'b', '\[SEP\]'\]",
    )),
    "24-ascii-console": Right((r"marquee status --no-films -> rc 0", r"\? 1 known movies = ok")),
    "25-certification-order": Right((
        r"before the release of 1979 -> R\b",
        r"the other way round -> R\b",
    )),
    "26-damaged-group": Right((
        r"same bytes with and without clips: True \| kept 30 30 \| grey among them 0 0",
    )),
    "27-out-of-range": Right(
        (
            r"1 rows taken .* 1 refused",
            r"expected a score from 0 to 10, got '11\.5'",
            r"923 Released in 2068 \| released None",
        ),
        (r"928 Eleven of ten",),
    ),
}  # fmt: skip
"""Right values by the folder of the case."""


def list_cases() -> list[str]:
    """List the folders of the cases; none where ../shared/cases is not beside the checkout."""
    return sorted(path.parent.name for path in CASES.glob("[0-9]*/run.py"))


def run_case(name: str, temporary: Path) -> tuple[int, str]:
    """Run a case on the input that lies with it.

    Args:
        name: Its folder.
        temporary: Where its stores and Dagster's homes go.

    Returns:
        Its exit status, and what it printed, as one line.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("MARQUEE_", "DAGSTER_", "TMDB_"))
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(RUNNER), str(CASES / name / "run.py"), "give"],
        cwd=ROOT,
        env={**kept, "COLUMNS": "100", "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, " ".join(done.stdout.split())


def find_faults(name: str, status: int, output: str) -> list[str]:
    """Return what is wrong with the output of a case; nothing where its value is the right one."""
    right = RIGHT.get(name)
    if right is None:
        return [f"no right value is known of {name}: add what its README expects to RIGHT"]
    lacks = (*right.lacks, "Traceback")
    return [
        *([f"exit status {status}"] if status else []),
        *(f"lacks {one}" for one in right.contains if not re.search(one, output)),
        *(f"contains {one}" for one in lacks if re.search(one, output)),
    ]


def main(beginnings: tuple[str, ...]) -> int:
    """Print a line per case; return 1 where one has not the right value."""
    cases = [name for name in list_cases() if name.startswith(beginnings)]
    if not cases:
        print(f"No case: {CASES} should lie beside the checkout.")
        return 1
    wrong = 0
    for name in cases:
        with tempfile.TemporaryDirectory() as folder:
            status, output = run_case(name, Path(folder))
        faults = find_faults(name, status, output)
        wrong += bool(faults)
        print(f"{name:28} {'; '.join(faults) or 'right'}", flush=True)
        if faults:
            print(f"  {output}")
    print(f"{len(cases) - wrong} of {len(cases)} right")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or ("",)))
