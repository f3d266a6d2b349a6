"""The signaling server: rooms, relayed messages and the browser client."""
