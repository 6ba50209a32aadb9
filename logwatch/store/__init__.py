"""The one SQLite file and all the SQL: positions, rule state, alerts and outbox, committed as one."""
