"""The commands of ``chainrule``, one module each."""
