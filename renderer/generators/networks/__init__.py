"""The networks of the generators, written from their papers."""
