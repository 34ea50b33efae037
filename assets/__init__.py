"""What we make: assets, checks, schedules and the command line; no science, no network code."""
