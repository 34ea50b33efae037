"""Clients of the sources: TMDB, its images, IMDbPro, imported dumps."""
