"""What happens: pull, check, harmonize, publish. Only the flow modules here know Prefect; the engine does the work."""
