"""Every crash point of a release, one after the other, in processes that are really killed."""
