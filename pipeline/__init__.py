"""LesionLab's pipeline: data sets, training runs, evaluation, heatmaps and models. Never imports the app."""

from pipeline.silence import keep_silent

keep_silent()
