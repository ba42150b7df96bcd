"""The curated YAML: read, checked and kept live."""
