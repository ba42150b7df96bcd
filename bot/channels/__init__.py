"""The platforms: each turns its own payloads into messages and sends replies back. None knows another."""
