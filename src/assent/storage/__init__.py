"""What was done is kept: SQL for what happened, blobs for arrays.

Read in this order: ``tables.py`` (the schema on one page), ``records.py`` (the values that go in
and come out), ``sessions.py`` (an answer becomes durable), then ``store.py`` (all of it opened
together). ``database.py`` holds what SQLite and PostgreSQL need, ``migrate.py`` and ``migrations/``
how one version's tables become the next one's, ``blobs.py`` and ``packed.py`` how a mask becomes a
file that proves its own content.
"""
