"""Posters, trailers and sound as files become arrays; no choice of frames, no models."""
