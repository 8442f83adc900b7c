"""What every command shares: flags, exit statuses, signals, progress."""
