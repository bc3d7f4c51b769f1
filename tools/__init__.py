"""What is beside the grader: the demo, the bench, and made-up hand-ins for both and for tests."""
