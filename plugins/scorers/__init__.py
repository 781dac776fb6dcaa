"""The bundled scorers: each a file that imports only the public `renderer` and libraries."""
