"""What is overridden of Faust and aiokafka, and nothing else."""
