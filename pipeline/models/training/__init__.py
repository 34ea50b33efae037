"""The training loop and what goes into and comes out of it."""
