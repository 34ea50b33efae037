"""TMDB's answers become records."""
