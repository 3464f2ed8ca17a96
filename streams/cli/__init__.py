"""The command line ``lifestage``."""
