"""What all commands share: flags, exit statuses, signals, progress."""
