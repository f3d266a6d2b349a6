"""The music bot: joins rooms as a peer and plays one Opus track to everyone."""
