"""The studio's servers on loopback."""
