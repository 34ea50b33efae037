"""Plots of results: confusion matrices, precision-recall curves, residuals, training curves.

Here: what draws a PNG file from results. Not here: computing a score (`metrics`), and where a plot
stands on a page (`report`).
"""
