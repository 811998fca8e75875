"""What anybody may use: whole files or none, plug-ins, a quiet start-up, rows that are alike."""
