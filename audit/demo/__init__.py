"""The demonstration: a drawn scene and two networks, one honest, one cheating."""
