"""The Celery side: hints from the queue, one attempt each."""
