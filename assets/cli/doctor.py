"""`marquee doctor`: checks all that a build requires, and how to fix what does not work."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap

from rich.console import Console
from rich.markup import escape

from assets.cli.home_checks import check_home
from resources.doctor.findings import Check, Finding, ParallelChecks, run_check
from resources.doctor.host_checks import check_image_host, check_imdbpro, check_tmdb
from resources.doctor.machine_checks import check_accelerator, check_packages
from resources.doctor.settings_checks import (
    Location,
    check_alerts,
    check_env_file,
    check_rates,
    check_settings,
)
from resources.doctor.storage_checks import check_agreement, check_ledger, check_store
from resources.doctor.trailer_checks import check_trailer_needs
from resources.doctor.weight_checks import check_weights
from resources.settings import Settings

WAIT_S = 10.0
"""Timeout of all hosts together, from the moment everything else has been checked."""

_INDENT = 21
"""Columns before what was found."""

MARKS = {True: "[green]●[/]", False: "[bold red]✗[/]", None: "[dim]·[/]"}


def examine(settings: Settings) -> list[Finding]:
    """Run every check; those that wait for a host run in parallel.

    Nothing is created, downloaded or changed, and no finding holds a secret.
    """
    settings_found, place = check_settings(settings)
    findings = [*run_check("packages", check_packages), *settings_found]
    findings += run_check(".env", lambda: check_env_file(Path(".env")))
    if place is None:
        rest = "not checked: the settings come first"
        return [*findings, Finding("everything else", None, rest)]
    hosts = ParallelChecks(dict(_remote_checks(place)))
    here = [finding for name, check in _local_checks(place) for finding in run_check(name, check)]
    return [*findings, *hosts.collect(WAIT_S), *here]


def _remote_checks(place: Location) -> Iterator[tuple[str, Check]]:
    """Yield the checks that wait for a host, a remote store or another program."""
    settings, source = place.settings, place.source
    yield "store", lambda: check_store(place.root, source.name)
    yield "ledger", lambda: check_ledger(settings.ledger, place.root)
    yield "store and ledger", lambda: check_agreement(settings.ledger, place.root)
    yield "TMDB key", lambda: check_tmdb(settings, source)
    if settings.tmdb_api_key and not source.is_imports:
        yield "image host", lambda: check_image_host(settings)
    yield "IMDbPro", lambda: check_imdbpro(settings, source)
    yield "trailers", lambda: check_trailer_needs(settings)


def _local_checks(place: Location) -> Iterator[tuple[str, Check]]:
    """Yield the checks of this machine; the last ones load torch, which takes seconds."""
    settings, is_studio = place.settings, place.source.is_studio
    yield "Dagster home", lambda: check_home(place.source.name)
    yield "exchange rates", lambda: check_rates(settings.exchange_rates)
    yield "alerts", lambda: check_alerts(settings.alerts_url)
    yield (
        "weights",
        lambda: check_weights(
            place.preset,
            settings.weights,
            may_download_clip=not is_studio,
            beside=settings.backbones,
        ),
    )
    yield "accelerator", check_accelerator


def print_findings(findings: Sequence[Finding], console: Console, *, as_json: bool) -> int:
    """Print a line per finding.

    Args:
        findings: In the order to print.
        console: Where to print.
        as_json: Whether to print one JSON object instead of the table.

    Returns:
        Exit status: 1 if something that is configured does not work.
    """
    broken = [finding for finding in findings if finding.is_ok is False]
    if as_json:
        report = {"is_ok": not broken, "findings": [asdict(finding) for finding in findings]}
        console.print_json(json.dumps(report))
        return 1 if broken else 0
    for finding in findings:
        _print_finding(finding, console)
    console.print("● works   ✗ does not work   · not configured, or not needed")
    if broken:
        names = ", ".join(finding.name for finding in broken)
        console.print(f"[bold red]{len(broken)} to fix:[/] {escape(names)}")
    return 1 if broken else 0


def _print_finding(finding: Finding, console: Console) -> None:
    """Print what was found beside the name, and the remedy below; no path or address is broken."""
    found = _wrap(finding.detail, console.width - _INDENT)
    name = f"{finding.name:<{_INDENT - 3}}"
    first = found.pop(0) if found and len(name) < _INDENT - 2 else ""
    remedy = _wrap(finding.remedy, console.width - _INDENT - 2)
    marked = [f"{'→' if number == 0 else ' '} {line}" for number, line in enumerate(remedy)]
    lines = [f"{MARKS[finding.is_ok]} {escape(name)} {escape(first)}".rstrip()]
    lines += [" " * _INDENT + escape(line) for line in [*found, *marked]]
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def _wrap(text: str, width: int) -> list[str]:
    return wrap(text, max(width, 20), break_long_words=False, break_on_hyphens=False)
