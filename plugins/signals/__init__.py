"""The bundled signals: one file each, importing only the public `renderer`."""
