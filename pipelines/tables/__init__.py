"""What every command writes: account, runs, rows."""
