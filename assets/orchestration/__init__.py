"""What Dagster sees of marquee: the graph of assets, partitions, staleness, events, jobs,
checks.
"""
