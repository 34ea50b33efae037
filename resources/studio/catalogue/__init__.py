"""Generated and real movies, as the studio's servers ask for them."""
