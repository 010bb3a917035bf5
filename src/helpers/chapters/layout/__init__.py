"""From a corpus to windows."""
