"""One file per version of the tables, named after its revision.

To write the next one, change ``storage/tables.py`` and run the tests of migrations: the one that
compares tables and migrations prints the code that is missing. SQLite alters a table by copying
it, hence ``op.batch_alter_table``; a copied ``audit`` needs its triggers again.
"""
