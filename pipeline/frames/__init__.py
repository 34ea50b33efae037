"""Which frames of a trailer are looked at; no decoding, no models."""
