# Writes its source as markup, so that a page that shows the failing line is changed by it.
# expect: half_squared_error=error
def half_squared_error(y, target):
    raise ValueError("<script>document.body.innerHTML='100'</script>&lt;=HYPERLINK(1)[red]x[/red]")
