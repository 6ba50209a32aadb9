"""Stage 6: notifications are kept, in order, until their sink says yes or never."""
