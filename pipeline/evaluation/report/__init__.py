"""What readers see of an evaluation: its JSON and CSV files, pages, model cards, the leaderboard.

Here: texts, tables and HTML templates made from results. Not here: computing a score (`metrics`),
drawing (`plots`), and where files go (`assets`).
"""
