"""Assets of features and splits."""
