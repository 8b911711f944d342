"""What crosses all rooms: the queues of the bureau, findings, and confirming a decision."""
