"""Speed, as ratios against the stock tool in the same run. `make bench` prints the table."""
