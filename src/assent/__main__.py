"""``python -m assent``."""

from assent.interfaces.cli.main import main

if __name__ == "__main__":
    main()
