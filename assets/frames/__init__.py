"""Assets of what is seen and heard of a trailer."""
