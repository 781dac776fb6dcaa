"""Pictures of a film over time: its sound, beats and sections, and every number that moves."""
