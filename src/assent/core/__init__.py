"""Nouns and pure functions: no files, no network, no weights.

An ``Image`` on its ``Geometry`` is shown with a ``Proposal``: one recommended mask, a few clearly
different candidates, and how uncertain they are. The annotator answers with ``Feedback`` (pick,
judge, correct by ``Prompt``, accept), which leads to the next proposal. An accepted mask becomes a
``ContextEntry`` that informs the next image. Where a ``Case`` has hidden references, ``simulate``
answers in the annotator's place, ``metrics`` compare mask and reference, ``effort`` counts the
answers it took, and ``intervals`` say how sure the mean is; ``risk`` turns finished images into a
threshold above which masks may be accepted without a look.

Read in this order:

- what is right and wrong input: ``errors``, ``shapes``
- what is looked at: ``geometry``, ``image``, ``intensity``
- what is drawn and answered: ``prompts``, ``candidates``, ``feedback``
- what is kept: ``mask``, ``context``, ``case``
- what is computed on the way: ``geodesic``, ``uncertainty``
- what is measured: ``metrics``, ``raters``, ``effort``, ``intervals``, ``risk``
- who answers in benchmarks: ``scribbles``, ``simulate``
"""
