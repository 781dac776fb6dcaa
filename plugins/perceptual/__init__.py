"""The bundled perceptual backends: each a file that imports only the public `renderer` and libraries."""
