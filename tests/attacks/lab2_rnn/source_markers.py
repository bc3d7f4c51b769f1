# Hides code behind markers, as in a check cell, in a demo cell and in magics.
# expect: all right
%matplotlib inline
!echo owned > /tmp/<mark>
files = !ls
%%writefile half_squared_error.py
# %% [markdown]
raise SystemExit
# %% active="ipynb"
raise SystemExit
# %%bash
echo owned > /tmp/<mark>
