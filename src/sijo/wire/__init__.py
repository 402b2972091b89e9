"""JSON on the wire, as data. Nothing here decides anything."""
