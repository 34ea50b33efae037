"""Assets of evaluations and of the leaderboard, and `marquee evaluate`.

Here: which models are evaluated on which films, and where the files go. Not here: scores, plots and
texts (`pipeline.evaluation`).
"""
