"""What an audit costs, and what of it is more than its passes through the network."""
