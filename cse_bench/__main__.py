"""``python -m cse_bench``: the command line."""

from cse_bench.cli.main import main

if __name__ == "__main__":
    main()
