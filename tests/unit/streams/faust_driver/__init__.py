"""What is overridden of Faust."""
