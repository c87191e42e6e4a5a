"""Schedules, programs of several schedules, and switches: what a compiled spec is used as."""
