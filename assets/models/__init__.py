"""Assets of baselines and models, and the training behind them."""
