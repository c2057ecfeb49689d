"""What the operating system tells us and does for us."""
