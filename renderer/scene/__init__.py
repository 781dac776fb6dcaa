"""Read scenes: YAML text to a validated model, every error with its place."""
