"""Methods: an image and a person's answers become candidate masks.

Read ``protocol.py`` first: six verbs, and all that was learned from answers is in the state.
``registry.py`` finds methods by name, ours and strangers' alike. ``answers.py`` refuses answers
that do not fit what was shown. ``level_sets.py`` is the whole dialogue of a method that has one
probability map. ``posterior/`` is the default method; ``baselines/`` is what it has to beat.
"""
