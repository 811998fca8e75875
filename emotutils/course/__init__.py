"""What only notebooks and teachers need: set-up, Colab, the check of an installation, exercises."""
