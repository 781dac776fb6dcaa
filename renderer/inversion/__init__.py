"""From a photo to a latent: reading and aligning photos, encoders, and the file in which latents are kept."""
