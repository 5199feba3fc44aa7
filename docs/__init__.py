"""What belongs to the project and is not installed with it."""
