"""The laws by which generated movies earn and are liked, and the best that a model can do."""
