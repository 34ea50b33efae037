# What contributors run. `uv run just` lists the recipes; `just` itself comes with `uv sync`.

_default:
    @just --list

# Install everything, and the hooks that run before a commit.
setup:
    uv sync --all-groups
    uv run pre-commit install

# The fast tests: what CI runs.
test *arguments:
    uv run pytest {{arguments}}

# All tests, also the slow ones; takes more than an hour on two cores.
nightly:
    .ci/nightly

# Style, format, and the direction of imports.
lint:
    uv run ruff check
    uv run ruff format --check
    uv run lint-imports

# Types: standard everywhere, strict on the pipeline.
types:
    uv run pyright

# Commands, paths, variables and asset names in the documentation, and the examples in docstrings.
docs:
    uv run pytest tests/unit/docs pipeline

# Format, and fix what ruff can fix.
format:
    uv run ruff check --fix
    uv run ruff format
