"""The catalogue of features: what a condition may ask of a customer."""
