"""Backup, restore and migration of a store, its ledger and Dagster's history, and its metrics.

What one film's result is belongs elsewhere; here everything is read, written and moved as a whole.
"""
