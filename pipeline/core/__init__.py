"""What all stages share: errors, outcomes, records, versions, staleness, systems.

What does not belong here: anything that only one stage needs. No stage is imported here.
"""
