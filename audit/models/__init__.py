"""Networks: opened from files, held frozen, copied with random weights, recognised again."""
