"""What is measured: ordinary Backtrader scripts, one a row, that know nothing of atms' engine.

Each has ``SETTINGS``, what its Cerebro is made with, and ``prepare(cerebro, bars)``, which adds
feeds, strategy and broker settings. ``cerebro.run()`` is what is timed.
"""
