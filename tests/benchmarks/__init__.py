"""Benchmarks that anyone can repeat: ours, a named peer, one run."""
