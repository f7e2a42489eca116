"""What operators run: `python -m services provision | check | show | keys | dead-letters | docs`.

One file a verb; each adds its arguments and returns an exit code. The console may import every service.
"""
