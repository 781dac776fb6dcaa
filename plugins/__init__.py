"""The bundled effects, one file each; a file's name is the effect's name. They use only the public `renderer`."""
