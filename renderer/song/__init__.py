"""What a song holds, and a scene to start from."""
