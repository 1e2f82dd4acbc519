"""What a release is: schema, manifest, reading, writing, and its card."""
