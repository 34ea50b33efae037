"""What all stages share: errors, outcomes, records, versions, systems; no stage is imported
here.
"""
