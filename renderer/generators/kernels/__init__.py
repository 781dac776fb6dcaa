"""Kernels for the CPU: what torch has no fast form of."""
