"""`python -m assets.cli`: the command where its script is not installed."""

from assets.cli import main

if __name__ == "__main__":
    main()
