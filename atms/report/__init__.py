"""What a run amounts to: equity, trades, figures, pictures. Reads recordings; runs nothing."""
