"""The values a scene writes: times, signals, expressions, latent sources, layers, directions, easings."""
