"""The engine: plain functions that do the work of the route. Nothing here knows Prefect, nothing here knows a site by name."""
