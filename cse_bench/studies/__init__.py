"""What one asks of the data beside the benchmark: tuning, neighbours, what evidence is worth."""
