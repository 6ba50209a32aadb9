"""Every thread of logwatch: how it starts, waits and stops."""
