"""What happens: pull, check, harmonize, publish. Only the flow modules here know Prefect; the engine does the work."""

import os

#: Before anything imports polars: its frames here are small, and two threads that wait for each other cost a batch of one site a sixth of
#: its CPU time; of a hundred sites they gain nothing.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
