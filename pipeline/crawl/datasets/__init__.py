"""Readers of public dumps: one file per dump, each yields what a film's rows say, or why not."""
