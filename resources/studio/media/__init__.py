"""Posters, trailers and sound of generated movies."""
