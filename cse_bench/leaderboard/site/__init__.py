"""The board as a static site: pages that need no server and ask nothing of any network."""
