from messaging.models.message import Attachment, Message
from messaging.models.proposal import Proposal
from messaging.models.thread import Thread

__all__ = ["Attachment", "Message", "Proposal", "Thread"]
