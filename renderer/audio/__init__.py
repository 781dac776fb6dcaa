"""Hear a song: read any sound file as a stream, and find in it what signals, beats and sections are made of."""
