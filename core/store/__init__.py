"""The only importer of the event-sourcing engine: one append-only log in one database."""
