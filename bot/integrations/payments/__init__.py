"""Payment providers, and the tasks that carry payments on."""
