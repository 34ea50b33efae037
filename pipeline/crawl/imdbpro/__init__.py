"""IMDbPro's pages become figures."""
