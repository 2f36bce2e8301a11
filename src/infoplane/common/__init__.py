"""Used by all other packages: files, seeds, checks of arrays, TensorFlow's setup, distribution of work, aliases."""
