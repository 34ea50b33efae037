"""Assets of the catalog, of each movie's record and of its box office."""
