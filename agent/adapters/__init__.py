"""Everything that touches the world, one file a technology. Nothing here decides."""
