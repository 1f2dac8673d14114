"""One file for each kind of thing that has an address."""
