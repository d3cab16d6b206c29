"""Frame sources, one file a technology. Each translates into core.frame.Frame."""
