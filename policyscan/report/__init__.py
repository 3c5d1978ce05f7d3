"""Stage 5: an `Outcome` -> text or bytes, one pure renderer per format (see `formats`)."""
