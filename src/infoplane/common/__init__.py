"""What everything stands on: files, seeds, checks of arrays, devices, aliases."""
