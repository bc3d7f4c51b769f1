"""What mistakes of several exercises share: where to look, or all that is said."""

ASSERT = "Which exception does the docstring ask for? assert may be switched off."
AXIS_OF_ONE = "An axis of size 1 is still an axis."
CAST = "Look at where your code names a dtype."
DETACHED = "Look for .detach(), .data, .numpy(), .tolist() or torch.no_grad()."
EXCEPTION = "Which exception does the docstring ask for?"
INDENTED = "Look at how far your return is indented."
LISTS = "Stay with tensors from beginning to end."
RETURNED = "Compare the order of what you return with the docstring."

DEFAULTS = "Compare the defaults in your signature with those of the exercise."
PYTORCHS_DEFAULT = "batch_first is False where the caller does not say. " + DEFAULTS
NO_RETURN = (
    "the result is worked out and not returned. Does your function end with return, or with print?"
)
SILENT = "the ValueError does not say which argument was wrong. What should the message of the ValueError name?"
SQUEEZED = "axes of size 1 are lost. What does squeeze() do to a batch of one?"
