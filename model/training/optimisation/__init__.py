"""What any training needs: device, optimizer, schedule, weights, checkpoint."""
