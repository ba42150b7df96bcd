"""Use cases: what happens when a resident writes; I/O through ports."""
