"""Assets of evaluations and of the leaderboard."""
