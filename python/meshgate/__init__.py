"""meshgate: the gate of a data mesh."""
