"""Critics and their training: networks, objectives, bounds, cross-fitting, temperature."""
