"""Core values become pictures and tables: overlays, contact sheets, effort curves.

Read ``overlay`` (masks over images, as arrays), then ``panel`` and ``sheet`` (what was proposed
and answered, round by round), then ``curves`` and ``table`` (figures of a whole benchmark).
"""
