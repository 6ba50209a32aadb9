"""Stage 4, matches -> alerts: what each rule kind means; one file per kind."""
