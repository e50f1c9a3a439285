"""What must be true: typed configuration, intake and analysis contracts, the dictionary of columns, the rules."""
