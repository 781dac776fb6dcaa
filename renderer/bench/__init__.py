"""How quick a model is on this machine, by mode and batch, and how near that is to what the machine can do."""
