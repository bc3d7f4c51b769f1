# Raises an exception whose class has a name with control characters and markup, of great length.
# expect: half_squared_error=error
def half_squared_error(y, target):
    raise type("\x1b[31m\u202e<b>&\r\n[/bold]" * 5000, (Exception,), {})
