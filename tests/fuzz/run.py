"""Fuzzes parsers for a time: `uv run python tests/fuzz/run.py --minutes 5 [PARSER …]`.

Every failing input is made small and written to `failures/<parser>/`, where `test_fuzz.py` finds
it ever after. Exit status 1 where there is any.
"""

import argparse
import random
import sys

from fuzzing import Parser, Tally
from parsers import load_parsers
from watching import keep, watch


def main() -> int:
    """Fuzz what was asked for, one after another; give the exit status."""
    arguments = _read_arguments()
    parsers, missing = load_parsers()
    if arguments.list:
        print("\n".join([*parsers, *(f"{name}: {why}" for name, why in missing.items())]))
        return 0
    unknown = [name for name in arguments.parsers if name not in parsers]
    if unknown:
        sys.exit(f"no parser {unknown[0]!r}; there are {', '.join(parsers)}")
    failures = 0
    for name in arguments.parsers or parsers:
        tally = watch(parsers[name], seconds=arguments.minutes * 60, seed=arguments.seed)
        failures += len(tally.failures)
        _tell(parsers[name], tally)
    for name, why in missing.items():
        print(f"{name}: not there ({why})")
    print(f"{failures} failures; seed {arguments.seed}")
    return 1 if failures else 0


def _read_arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("parsers", nargs="*", metavar="PARSER", help="all when left out")
    reader.add_argument("--minutes", type=float, default=5.0, help="for each parser")
    reader.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    reader.add_argument("--list", action="store_true", help="name the parsers and end")
    return reader.parse_args()


def _tell(parser: Parser, tally: Tally) -> None:
    print(
        f"{parser.name}: {tally.inputs} inputs, {tally.refused} refused, {tally.kept} kept, "
        f"{tally.lines} steps of code, slowest {tally.slowest_s:.2f} s, "
        f"memory + {tally.grown_mib} MiB, {len(tally.failures)} failures",
        flush=True,
    )
    for failure in tally.failures.values():
        print(f"  {failure.signature}: {keep(parser, failure)}", flush=True)
        print("    " + failure.report.strip().splitlines()[-1][:200], flush=True)


if __name__ == "__main__":
    sys.exit(main())
