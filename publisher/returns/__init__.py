"""Mail that comes back: what it reports of which of our mails, if anything."""
