"""Where trailers come from: the user's folder and the trailer host, with their limits."""
