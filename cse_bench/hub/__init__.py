"""To and from the Hugging Face Hub: publish, download, submit."""
