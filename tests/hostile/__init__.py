"""Hostile inputs, made when they are asked for: what people and attackers hand to LesionLab, and what is right."""
