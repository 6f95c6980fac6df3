"""The attacks of scripts/soak, and the checks of what they leave."""
