"""What any method has to beat: three rules that spread seeds, and a network that nobody tells.

Each rule is one file: ``nearest_seed.py``, ``geodesic.py``, ``random_walker.py``. They share
``seeds.py`` (prompts to labelled pixels), ``connected.py`` (level sets that hang together) and
``seeded.py`` (everything of a method but the rule). ``unet.py`` is the plain U-Net.
"""
