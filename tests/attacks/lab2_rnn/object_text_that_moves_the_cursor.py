# Returns texts and keys with control characters, direction overrides and half characters.
# expect: relative_error=wrong, sgd_step=wrong, half_squared_error=wrong
EVIL = "\x1b[2J\x1b]0;owned\x07\r\n\u202e\u2066\ud800\x00\x9b<script>alert(1)</script>=1+1"


def relative_error(a, b):
    return EVIL


def sgd_step(params, grads, lr):
    return {EVIL: 1.0, "\u202eW": 2.0}


def half_squared_error(y, target):
    return (EVIL, {EVIL: EVIL})
