"""ProtoJSON both ways: per message type one compiled reader and one compiled writer."""
