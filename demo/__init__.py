"""The demo of `dam`: photographs drawn in code, the story they tell, and the commands that run."""
