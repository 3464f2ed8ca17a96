"""What is done with a batch: the Faust agent ``track``, its order of effects, the mirror. All are given their ports."""
