"""``python -m pkg2image``."""

from pkg2image.cli.main import main

if __name__ == "__main__":
    main()
