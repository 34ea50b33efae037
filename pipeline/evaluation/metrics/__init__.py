"""Scores of predictions against actual values, their intervals and tests of differences.

Here: pure functions of arrays; in signatures `preds, target`, as torchmetrics has it, and scores of
many bootstrap draws at once. A name ending in `_score` rises with quality, in `_error` it falls.
Not here: what a reader sees of them (`plots`, `report`).
"""
