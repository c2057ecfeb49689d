"""Windows' part tried on Linux: a real Windows CPython in wine. Nothing here is collected."""
