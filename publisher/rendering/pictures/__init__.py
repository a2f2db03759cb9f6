"""The pictures of an edition: their files, measured without being opened."""
