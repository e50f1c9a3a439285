"""The command line's commands, one module a group. Each imports what it needs when it runs, so that help and status are instant."""
