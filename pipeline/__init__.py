"""LesionLab's pipeline: data sets, training runs, evaluation, heatmaps and models. Never imports the app."""
