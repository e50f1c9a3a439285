"""What needs Prefect's server, its pages, or several machines (played by processes): programs of their own, small parts in `make test`."""
