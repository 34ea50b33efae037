"""Reports, cards and the leaderboard as files."""
