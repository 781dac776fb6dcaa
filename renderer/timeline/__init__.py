"""Compile a scene over time: every time in seconds, every number a function of it."""
