"""`make gpu-check`: whether trainings and answers are right on this machine's CUDA card; under six minutes, offline."""
