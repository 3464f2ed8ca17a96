"""What is deployed: the files, each proved with the program that reads it."""
