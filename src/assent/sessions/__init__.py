"""The annotator's work: one session per image, one task per folder."""
