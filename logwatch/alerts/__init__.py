"""Stage 5, alerts -> notifications: who is told."""
