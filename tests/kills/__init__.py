"""Processes killed at random moments, and what is left of their work."""
