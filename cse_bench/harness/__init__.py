"""Run aligners on a release and score what they return."""
