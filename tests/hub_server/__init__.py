"""A loopback **stand-in** for the Hugging Face Hub: no self-hostable Hub takes writes.

It speaks the protocol that the real clients use (huggingface_hub, hf_xet, datasets, and the npm
client), written from what they send; the real Hub may differ. `docs/hub.md` says how to try that.
"""

from tests.hub_server.faults import Fault
from tests.hub_server.server import HubServer
from tests.hub_server.store import User

__all__ = ["Fault", "HubServer", "User"]
