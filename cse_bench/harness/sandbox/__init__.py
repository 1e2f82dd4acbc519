"""Run an aligner's file apart from labels, scores, secrets and the rest of the machine."""
