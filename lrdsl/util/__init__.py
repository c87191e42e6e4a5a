"""Helpers that know nothing of schedules."""
