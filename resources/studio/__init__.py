"""The built-in film studio: TMDB, image host, IMDbPro and trailer host on loopback."""
