"""The command for rows in quarantine, whoever holds them back: looked at, tried again, done without."""
