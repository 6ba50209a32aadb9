"""The one SQLite file and all SQL: positions, rule state, alerts and outbox, in one commit."""
