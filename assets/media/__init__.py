"""Assets of posters and trailers as files."""
