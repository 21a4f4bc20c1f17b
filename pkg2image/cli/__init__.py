"""Commands, options and terminal: the only place that prints, reads the environment, or exits."""
