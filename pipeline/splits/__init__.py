"""Labels, features and who is in which part; no models."""
