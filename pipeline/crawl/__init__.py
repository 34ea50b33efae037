"""Answers of the sources become records; no requests are made here."""
