"""The command `marquee`: what it asks, prints and calls; nothing imports it."""
