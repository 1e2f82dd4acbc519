"""``python -m tests.hub_server``: a stand-in to try the commands against by hand."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path

from tests.hub_server import HubServer, User

if __name__ == "__main__":
    argparse.ArgumentParser("python -m tests.hub_server", description=__doc__).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that its directory goes
    with tempfile.TemporaryDirectory() as directory:
        hub = HubServer(Path(directory), {"hf_try": User("me", orgs=("org",))}, page=1000)
        print("A stand-in for the Hub, in memory; Ctrl-C ends it. In another terminal:")
        print(f"  export HF_ENDPOINT={hub.url} HF_TOKEN=hf_try HF_HOME={directory}/home")
        threading.Event().wait()
