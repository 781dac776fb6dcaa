"""Scenes from what other tools wrote: Deforum's schedules and settings, and lists of seeds."""
