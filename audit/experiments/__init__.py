"""Pixels are altered and the network is asked again."""
