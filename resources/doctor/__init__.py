"""What `marquee doctor` checks."""
