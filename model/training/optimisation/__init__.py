"""What every training loop shares: device, optimizer, schedule, weights, checkpoints."""
