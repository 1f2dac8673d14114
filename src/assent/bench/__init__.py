"""Claims: simulated annotators x methods x datasets, one record per fact."""
