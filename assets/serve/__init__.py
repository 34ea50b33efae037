"""Predictions over HTTP and on a page: `marquee serve`."""
