"""The information plane: for every layer T of a network, I(X; T + noise) against I(T + noise; Y), over training."""
